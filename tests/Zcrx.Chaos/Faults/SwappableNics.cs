using System.Collections;
using Zcrx.Interop;

namespace Zcrx.Chaos.Faults;

/// <summary>The emulated kernel's interfaces, of which one can be taken away and another of its name come. Any thread.</summary>
internal sealed class SwappableNics(string name) : IReadOnlyList<EmulatedNic>
{
    private volatile EmulatedNic _nic = Create(name);

    public EmulatedNic Current => _nic;

    public int Count => 1;

    public EmulatedNic this[int index] => index == 0 ? _nic : throw new ArgumentOutOfRangeException(nameof(index));

    public void Restore() => _nic = Create(name);

    public IEnumerator<EmulatedNic> GetEnumerator()
    {
        yield return _nic;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static EmulatedNic Create(string name) => new(new EmulatedNicOptions { Name = name, RxQueues = 1 });
}
