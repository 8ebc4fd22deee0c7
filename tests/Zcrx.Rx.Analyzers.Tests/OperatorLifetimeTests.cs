using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Analyzers.Tests;

/// <summary>Tests which operators of System.Reactive keep their elements, as rule ZCRX0001 assumes. The tests run the operators.</summary>
public class OperatorLifetimeTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Theory]
    [InlineData("GroupBy")]
    [InlineData("Window of a count")]
    [InlineData("Window of a time")]
    [InlineData("Publish")]
    [InlineData("Publish with a selector")]
    [InlineData("Merge with another sequence")]
    [InlineData("Merge of sequences")]
    [InlineData("Where")]
    [InlineData("Do")]
    [InlineData("Buffer of one element")]
    public void Operator_that_is_not_reported_passes_each_element_on_inside_OnNext_and_keeps_none(string name)
    {
        using Subject<object> source = new();
        int received = 0;
        using IDisposable subscription = NotReported(name, source).Subscribe(_ => received++);

        WeakReference first = Send(source);
        Assert.Equal(1, received);
        WeakReference second = Send(source);
        Assert.Equal(2, received);

        Assert.False(IsAlive(first));
        Assert.False(IsAlive(second));
    }

    [Theory]
    [InlineData("Delay")]
    [InlineData("ObserveOn")]
    [InlineData("Buffer")]
    [InlineData("Sample")]
    [InlineData("Throttle")]
    [InlineData("Replay")]
    [InlineData("Publish with an initial value")]
    [InlineData("Scan")]
    [InlineData("DistinctUntilChanged")]
    [InlineData("CombineLatest")]
    [InlineData("Zip")]
    [InlineData("TakeLast")]
    [InlineData("ToList")]
    [InlineData("GroupBy with Buffer on the groups")]
    [InlineData("Window with ToList on the windows")]
    public void Operator_that_is_reported_keeps_the_element_beyond_OnNext(string name)
    {
        using Subject<object> source = new();
        using IDisposable subscription = Reported(name, source).Subscribe(static _ => { });

        Assert.True(IsAlive(Send(source)));
    }

    private static IObservable<object> NotReported(string name, IObservable<object> source) => name switch
    {
        "GroupBy" => source.GroupBy(static _ => 0).SelectMany(static group => group),
        "Window of a count" => source.Window(4).SelectMany(static window => window),
        "Window of a time" => source.Window(Hour, new HistoricalScheduler()).SelectMany(static window => window),
        "Publish" => source.Publish().RefCount(),
        "Publish with a selector" => source.Publish(static shared => shared.Skip(0)),
        "Merge with another sequence" => source.Merge(Observable.Never<object>()),
        "Merge of sequences" => Observable.Return(source).Merge(),
        "Where" => source.Where(static _ => true),
        "Do" => source.Do(static _ => { }),
        "Buffer of one element" => source.Buffer(1),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Add the operator to the switch."),
    };

    // HistoricalScheduler never runs the work that it gets here. An operator that uses it therefore keeps its element.
    private static IObservable<object> Reported(string name, IObservable<object> source) => name switch
    {
        "Delay" => source.Delay(Hour, new HistoricalScheduler()),
        "ObserveOn" => source.ObserveOn(new HistoricalScheduler()),
        "Buffer" => source.Buffer(2),
        "Sample" => source.Sample(Hour, new HistoricalScheduler()),
        "Throttle" => source.Throttle(Hour, new HistoricalScheduler()),
        "Replay" => source.Replay(1).RefCount(),
        "Publish with an initial value" => source.Publish(string.Empty).RefCount(),
        "Scan" => source.Scan(static (_, later) => later),
        "DistinctUntilChanged" => source.DistinctUntilChanged(),
        "CombineLatest" => source.CombineLatest(Observable.Never<object>(), static (left, _) => left),
        "Zip" => source.Zip(Observable.Never<object>(), static (left, _) => left),
        "TakeLast" => source.TakeLast(1),
        "ToList" => source.ToList(),
        "GroupBy with Buffer on the groups" => source.GroupBy(static _ => 0).SelectMany(static group => group.Buffer(2)),
        "Window with ToList on the windows" => source.Window(4).SelectMany(static window => window.ToList()),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Add the operator to the switch."),
    };

    // In a method of its own, no local variable of the test can keep the element alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Send(Subject<object> source)
    {
        object element = new();
        source.OnNext(element);
        return new WeakReference(element);
    }

    private static bool IsAlive(WeakReference element)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return element.IsAlive;
    }
}
