using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Recipes;

/// <summary>Passes the ticks of a feed to its subscribers. A tick is a line that begins with a symbol: <c>ACME 17.25</c>.</summary>
/// <remarks>
/// The feed never waits. For a slow subscriber, newer ticks of a symbol replace older unsent ones. A subscriber that reads nothing
/// for <see cref="Patience"/> is disconnected. A new subscriber first receives the last tick of each symbol.
/// </remarks>
internal sealed class MarketData
{
    private const int MaxTick = 256;
    private const int MaxSymbols = 10_000;

    private readonly ConcurrentDictionary<string, byte[]> _latest = new();
    private ImmutableList<Subscriber> _subscribers = [];

    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    public static void Add(IServiceCollection services, string feed, string listen)
    {
        MarketData market = new();
        services.AddZcrx(zcrx => zcrx.Listen(feed, market.Receive, "feed").Listen(listen, market.ServeAsync, "subscribers"));
    }

    private IDisposable Receive(ZcrxConnection feed) => feed.Buffers.Frames(Delimiter.Line, MaxTick).Subscribe(Publish, static _ => { });

    // Runs on the ring thread, so it stores the tick for the subscribers and sends nothing.
    private void Publish(ReceivedFrame frame)
    {
        byte[] tick = new byte[frame.Length + 1];
        frame.Sequence.CopyTo(tick);
        tick[^1] = (byte)'\n';
        int end = tick.AsSpan().IndexOfAny((byte)' ', (byte)'\n');
        string symbol = Encoding.Latin1.GetString(tick, 0, end);
        if (end == 0 || (_latest.Count >= MaxSymbols && !_latest.ContainsKey(symbol)))
        {
            return;
        }

        _latest[symbol] = tick;
        foreach (Subscriber subscriber in _subscribers)
        {
            subscriber.Offer(symbol, tick);
        }
    }

    private async Task ServeAsync(ZcrxConnection connection, CancellationToken token)
    {
        // This source is not disposed, because the ring thread may still call Cancel when the subscription has ended. A source without a
        // timer and a linked token holds no resource.
        CancellationTokenSource left = new();
        using CancellationTokenRegistration stop = token.UnsafeRegister(static left => ((CancellationTokenSource)left!).Cancel(), left);
        Subscriber subscriber = new();
        ImmutableInterlocked.Update(ref _subscribers, static (all, added) => all.Add(added), subscriber);
        try
        {
            foreach ((string symbol, byte[] tick) in _latest)
            {
                subscriber.OfferLast(symbol, tick);
            }

            // Bytes from a subscriber are dropped. The subscription only observes that the subscriber ends its side.
            using IDisposable input = connection.Buffers.Subscribe(static _ => { }, _ => left.Cancel(), left.Cancel);
            ArrayBufferWriter<byte> batch = new();
            while (true)
            {
                foreach (byte[] tick in await subscriber.TakeAsync(left.Token))
                {
                    batch.Write(tick);
                }

                using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(left.Token);
                patience.CancelAfter(Patience);
                await connection.SendAsync(batch.WrittenMemory, patience.Token);
                batch.ResetWrittenCount();
            }
        }
        catch (OperationCanceledException) when (left.IsCancellationRequested)
        {
            // The subscriber has disconnected, or the service stops.
        }
        catch (OperationCanceledException)
        {
            connection.Abort();
        }
        finally
        {
            ImmutableInterlocked.Update(ref _subscribers, static (all, removed) => all.Remove(removed), subscriber);
        }
    }

    /// <summary>Holds the unsent ticks of a subscriber, at most one for each symbol.</summary>
    private sealed class Subscriber
    {
        private readonly Lock _gate = new();
        private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        private Dictionary<string, byte[]> _waiting = [];
        private Dictionary<string, byte[]> _taken = [];

        /// <summary>Adds a tick. The tick replaces an older unsent tick of its symbol.</summary>
        public void Offer(string symbol, byte[] tick)
        {
            lock (_gate)
            {
                _waiting[symbol] = tick;
            }

            _news.Writer.TryWrite(true);
        }

        /// <summary>Adds the last tick from before the subscription, unless a newer tick was already added.</summary>
        public void OfferLast(string symbol, byte[] tick)
        {
            lock (_gate)
            {
                _waiting.TryAdd(symbol, tick);
            }

            _news.Writer.TryWrite(true);
        }

        /// <summary>Waits for ticks and returns all of them. The result is valid until the next call.</summary>
        public async Task<IReadOnlyCollection<byte[]>> TakeAsync(CancellationToken token)
        {
            await _news.Reader.ReadAsync(token);
            _taken.Clear();
            lock (_gate)
            {
                (_taken, _waiting) = (_waiting, _taken);
            }

            return _taken.Values;
        }
    }
}
