using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Ring;

/// <summary>Runs the turns of one ring on a dedicated thread. Other threads can post work to it.</summary>
/// <remarks>
/// Only this thread enters the ring and registers with it. Each turn runs posted work, prepares requests, enters the ring and handles
/// completions, as <see cref="IRingTurn"/> defines. Other threads call <see cref="Post"/>, which wakes this thread by an eventfd. A
/// simulation has no thread and calls the parts of a turn itself.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "Run disposes the ring.")]
internal sealed class RingThread : IRingWorker
{
    // Other threads may post work faster than it runs. The limit keeps posted work from delaying completions.
    private const int WorkPerTurn = 4096;

    private readonly IIoUringKernel _kernel;
    private readonly IoRingOptions _ringOptions;
    private readonly RingClock _clock;
    private readonly RingHeartbeat _heartbeat;
    private readonly RingWait _wait;
    private readonly IRingTurn _turn;
    private readonly string _name;
    private readonly TaskCompletionSource _opened = new(Threads.ContinuationOptions);
    private readonly TaskCompletionSource _ended = new(Threads.ContinuationOptions);
    private readonly ConcurrentQueue<RingWork> _work = new();
    private readonly RingWake _wake = new();
    // The identity of the ring thread, as Threads.Current returns it.
    private object? _thread;
    private IoRing? _ring;
    private RingRequests _requests = null!;
    private volatile bool _refusesWork;
    private int _abandoned;

    public RingThread(string name, IIoUringKernel kernel, IoRingOptions ringOptions, RingClock clock, RingHeartbeat heartbeat, RingSpin spin, IRingTurn turn)
    {
        _kernel = kernel;
        _ringOptions = ringOptions;
        _clock = clock;
        _heartbeat = heartbeat;
        _wait = new RingWait(heartbeat, spin);
        _turn = turn;
        _name = name;
    }

    /// <summary>Gets a task that completes when the thread has ended. It faults when the thread has failed.</summary>
    public Task Ended => Threads.Separate(_ended.Task);

    /// <summary>Gets a value indicating whether the thread was abandoned as stuck. Any thread.</summary>
    public bool IsAbandoned => Volatile.Read(ref _abandoned) != 0;

    /// <summary>Gets the ring's descriptor. Ring thread only.</summary>
    public int RingDescriptor => _ring!.Fd;

    /// <summary>Starts the thread, which opens the ring and registers the queue.</summary>
    /// <returns>A task that completes when the queue is registered, or faults when this has failed.</returns>
    public Task StartAsync()
    {
        Threads.Start($"zcrx {_name}", this, static ring => ((RingThread)ring).Run());
        return _opened.Task;
    }

    /// <summary>
    /// Runs work on the ring thread. If the thread has ended, calls <paramref name="refuse"/> instead. Exactly one of the two is called,
    /// once. Thread-safe.
    /// </summary>
    public void Post(Action work, Action? refuse = null)
    {
        _work.Enqueue(new RingWork(work, refuse));
        Threads.Interleave();
        Signal();
    }

    /// <summary>Runs work on the ring thread and returns its result. Thread-safe.</summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="work">The work to run.</param>
    /// <param name="refused">
    /// Called instead if the ring thread has ended, or if the work fails the thread. Returns the result, or throws
    /// <see cref="ObjectDisposedException"/>.
    /// </param>
    /// <param name="reportsFailure">
    /// If true, an exception of the kernel or a socket faults the returned task. If false, or for any other exception, the ring thread
    /// fails.
    /// </param>
    public Task<T> InvokeAsync<T>(Func<T> work, Func<T> refused, bool reportsFailure = false)
    {
        TaskCompletionSource<T> result = new(Threads.ContinuationOptions);
        Post(
            () =>
            {
                try
                {
                    result.TrySetResult(work());
                }
                catch (Exception exception) when (reportsFailure && exception is ZcrxException or SocketException or ObjectDisposedException)
                {
                    result.TrySetException(exception);
                }
                catch
                {
                    // The exception will end the ring thread. The task is completed first, because its caller would otherwise wait forever.
                    Refuse(result, refused);
                    throw;
                }
            },
            () => Refuse(result, refused));
        return result.Task;
    }

    /// <summary>
    /// Wakes the thread, so that it handles items that were just enqueued by <see cref="Post"/> or for <see cref="IRingTurn.Prepare"/>.
    /// Thread-safe.
    /// </summary>
    public void Signal()
    {
        // The ending thread sets _refusesWork before it reads the queues for the last time. Either that thread finds the new item, or this
        // thread sees the flag.
        Interlocked.MemoryBarrier();
        if (_refusesWork)
        {
            ServeAfterEnd();
        }
        else
        {
            Wake();
        }
    }

    /// <summary>Wakes the thread if it sleeps or is about to sleep. Thread-safe.</summary>
    public void Wake()
    {
        if (Threads.Current != _thread)
        {
            _wake.Wake();
        }
    }

    /// <inheritdoc cref="RingWake.SignalWake"/>
    public void SignalWake() => _wake.SignalWake();

    /// <inheritdoc cref="RingWake.OnWoken"/>
    public void OnWoken() => _wake.OnWoken();

    /// <summary>
    /// Refuses all work that is posted from now on. When the thread ends, <see cref="Run"/> refuses the work that was posted before. Ring
    /// thread only.
    /// </summary>
    public void StopTakingWork() => _refusesWork = true;

    /// <summary>Abandons a thread that is stuck in a callback. Refuses further work and faults <see cref="Ended"/>. Thread-safe.</summary>
    /// <param name="cause">The exception with which <see cref="Ended"/> faults.</param>
    /// <returns>False when the thread has ended or was already abandoned.</returns>
    /// <remarks>
    /// If the callback returns later, the thread runs no more work and no further turn. It closes its ring, so that the RX queue can be
    /// registered again, and ends. Its memory stays allocated until the process ends.
    /// </remarks>
    public bool TryAbandon(Exception cause)
    {
        if (_ended.Task.IsCompleted || Interlocked.Exchange(ref _abandoned, 1) != 0)
        {
            return false;
        }

        _refusesWork = true;
        // The fence pairs with the fence in Signal.
        Interlocked.MemoryBarrier();
        _ended.TrySetException(cause);
        _ = _ended.Task.Exception;
        // The stuck callback may have returned just now, so that the thread is about to sleep. It must wake up to see that it was
        // abandoned.
        _wake.SignalWake();
        // Refusing work may run code of the application, which could block on a resource that the stuck callback holds. It therefore does
        // not run on this thread.
        Threads.RunOnPool(static thread => ((RingThread)thread).RefuseWork(), this);
        return true;
    }

    /// <summary>
    /// Closes the ring, which ends all its requests. Until then, the kernel may write into the buffers. Ring thread only.
    /// </summary>
    public void CloseRing() => _ring?.Dispose();

    private static void Refuse<T>(TaskCompletionSource<T> result, Func<T> refused)
    {
        try
        {
            result.TrySetResult(refused());
        }
        catch (ObjectDisposedException exception)
        {
            result.TrySetException(exception);
        }
    }

    private void Run()
    {
        if (!TryOpen())
        {
            return;
        }

        Exception? crash = null;
        try
        {
            while (TryBeginTurn())
            {
                while (!TryEnter())
                {
                    // The thread spins, so it polls the ring again.
                }

                CompleteTurn();
            }
        }
#pragma warning disable CA1031 // A failure of the ring thread must not end the process. The supervisor receives it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            crash = exception;
        }

        End(crash);
    }

    /// <summary>Creates the ring and registers the queue. If this fails, ends the thread. Ring thread only.</summary>
    /// <returns>False when creating or registering has failed.</returns>
    internal bool TryOpen()
    {
        _thread = Threads.Current;
        try
        {
            OpenRing();
            _turn.Open(_requests);
        }
#pragma warning disable CA1031 // The caller receives every failure through the returned task.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Close();
            _ended.TrySetResult();
            _opened.TrySetException(exception);
            // The exception is observed here, because the caller may have stopped waiting.
            _ = _opened.Task.Exception;
            return false;
        }

        _opened.TrySetResult();
        return true;
    }

    /// <summary>Closes the queue and the ring after the last turn or a failure. Ring thread only.</summary>
    internal void End(Exception? crash)
    {
        _wait.Stop();
        if (IsAbandoned)
        {
            // The abandoning thread ends the connections and listeners. Only this thread may close the ring, which frees the RX queue.
            _turn.EndAbandoned();
            _wake.Close();
            return;
        }

        _clock.BeginTurn();
        _heartbeat.BeginTurn();
        _turn.TearDown(crash);
        Close();
        _turn.Conclude();
        if (crash is null)
        {
            _ended.TrySetResult();
        }
        else
        {
            _ended.TrySetException(crash);
            // The exception is observed here. Otherwise, an owner that ignores the task would cause an UnobservedTaskException.
            _ = _ended.Task.Exception;
        }
    }

    private void OpenRing()
    {
        _wake.Open();
        _ring = IoRing.Create(_kernel, _ringOptions);
        _requests = new RingRequests(_ring);
    }

    /// <summary>Gets a value indicating whether <see cref="TryEnter"/> may sleep in this turn. Ring thread only.</summary>
    internal bool MayBlock => _wait.MayBlock;

    /// <summary>Gets the steps of a turn, for simulations.</summary>
    internal IRingTurn Turn => _turn;

    /// <summary>Gets the completions that were not handled yet. Ring thread only.</summary>
    internal CompletionQueue Completions => _requests.Completions;

    /// <summary>Runs the part of a turn before the thread enters the ring. Ring thread only.</summary>
    /// <returns>False when the thread must end.</returns>
    internal bool TryBeginTurn()
    {
        _clock.BeginTurn();
        _heartbeat.BeginTurn();
        // A full fence. The flag of a pending wake-up must be cleared before the queues are read. A thread that enqueues an item after the
        // read then wakes this thread.
        _wake.Clear();
        RunWork();
        if (IsAbandoned)
        {
            return false;
        }

        _turn.Prepare();
        _wake.Arm(_requests);
        if (_turn.IsFinished() || IsAbandoned)
        {
            return false;
        }

        TimeSpan? timeout = NextTimeout();
        _wait.Begin(_work.IsEmpty && _turn.MayBlock, timeout);
        return true;
    }

    /// <summary>Enters the ring. If nothing is left to do, polls the ring a few times and then sleeps. Ring thread only.</summary>
    /// <returns>False while the thread spins. The caller must then call this method again.</returns>
    internal bool TryEnter() => _wait.TryEnter(_requests);

    /// <summary>Handles the completions that were found in this turn. Ring thread only.</summary>
    internal void CompleteTurn()
    {
        _wait.End(Completions.Ready);
        _turn.Complete();
    }

    private void RunWork()
    {
        for (int i = 0; i < WorkPerTurn && !IsAbandoned && _work.TryDequeue(out RingWork work); i++)
        {
            work.Run();
        }
    }

    private TimeSpan? NextTimeout()
    {
        long due = _turn.NextDue();
        return due == long.MaxValue ? null : _clock.UntilFromTurnStart(due);
    }

    private void Close()
    {
        CloseRing();
        _turn.Release();
        _refusesWork = true;
        _wake.Close();
        // The fence pairs with the one in Signal.
        Interlocked.MemoryBarrier();
        RefuseWork();
        _turn.OnEnded();
    }

    /// <summary>
    /// Refuses work that was posted after the thread has ended. Runs on the thread pool, because it may call observers, which must not run
    /// inside an arbitrary caller.
    /// </summary>
    private void ServeAfterEnd() => Threads.RunOnPool(
        static ended =>
        {
            RingThread thread = (RingThread)ended;
            thread.RefuseWork();
            thread._turn.OnEnded();
        },
        this);

    private void RefuseWork()
    {
        while (_work.TryDequeue(out RingWork work))
        {
            work.Refuse?.Invoke();
        }
    }
}
