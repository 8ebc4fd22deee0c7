using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Stopping;

using Outcome = Zcrx.Rx.Stopping.Outcome;

namespace Zcrx.Rx.Tests.Stopping;

/// <summary>
/// Tests the rule that decides whether a stream can continue after its ring has failed. The model knows which bytes the kernel has taken
/// and which bytes observers have received.
/// </summary>
public class OutcomeRuleTests
{
    private enum Step
    {
        Arm,
        Take,
        WorkOff,
        End,
        Cancel,
        FailInDelivery,
        Drop,
    }

    [Fact]
    public void Stream_that_resumes_has_received_every_byte_that_was_taken() => Prop.ForAll(
        Gen.Elements(Enum.GetValues<Step>()).ListOf().ToArbitrary(),
        ArbMap.Default.ArbFor<bool>(),
        static (steps, isSalvaged) =>
        {
            Model model = new();
            foreach (Step step in steps)
            {
                model.Do(step);
            }

            if (isSalvaged)
            {
                model.Salvage();
            }

            Outcome survival = OutcomeRule.Decide(model.State, model.IsReadToItsEnd, model.WasInterrupted, mayWait: true);
            return survival != Outcome.Resume || model.Seen == model.Taken;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Known_position_resumes_or_ends_and_unknown_position_fails()
    {
        foreach (ReceiveState state in Enum.GetValues<ReceiveState>())
        {
            Assert.Equal(Outcome.Resume, OutcomeRule.Decide(state, isReadToItsEnd: true, wasInterrupted: false, mayWait: true));
            Assert.Equal(Outcome.End, OutcomeRule.Decide(state, isReadToItsEnd: true, wasInterrupted: false, mayWait: false));
            Assert.Equal(Outcome.Fail, OutcomeRule.Decide(state, isReadToItsEnd: true, wasInterrupted: true, mayWait: true));
            Outcome unread = state is ReceiveState.Idle or ReceiveState.Queued ? Outcome.Resume : Outcome.Fail;
            Assert.Equal(unread, OutcomeRule.Decide(state, isReadToItsEnd: false, wasInterrupted: false, mayWait: true));
        }
    }

    private sealed class Model
    {
        private const int EndMark = -1;

        private readonly Queue<int> _completions = new();
        private bool _hasDropped;
        private bool _kernelHasRequest;

        public long Taken { get; private set; }

        public long Seen { get; private set; }

        public ReceiveState State { get; private set; }

        public bool WasInterrupted { get; private set; }

        public bool IsReadToItsEnd => _completions.Count == 0 && !_hasDropped;

        public void Do(Step step)
        {
            switch (step)
            {
                case Step.Arm when State == ReceiveState.Idle:
                    State = ReceiveState.Armed;
                    _kernelHasRequest = true;
                    break;
                case Step.Take when _kernelHasRequest:
                    Taken += 10;
                    _completions.Enqueue(10);
                    break;
                case Step.End when _kernelHasRequest:
                    _kernelHasRequest = false;
                    _completions.Enqueue(EndMark);
                    break;
                case Step.Cancel when State == ReceiveState.Armed:
                    State = ReceiveState.Cancelling;
                    break;
                case Step.WorkOff:
                    WorkOff();
                    break;
                case Step.FailInDelivery when _completions.TryPeek(out int bytes) && bytes > 0:
                    // Delivery has failed with an exception, so it is uncertain whether the observer received this buffer.
                    _completions.Dequeue();
                    WasInterrupted = true;
                    break;
                case Step.Drop when _kernelHasRequest:
                    // The kernel has taken bytes from the socket but had to drop the completion.
                    Taken += 10;
                    _hasDropped = true;
                    break;
                default:
                    break;
            }
        }

        public void Salvage()
        {
            while (_completions.Count > 0 && !_hasDropped)
            {
                WorkOff();
            }
        }

        private void WorkOff()
        {
            // The ring thread handles no completion after it has seen that some were dropped.
            if (_hasDropped || !_completions.TryDequeue(out int bytes))
            {
                return;
            }

            if (bytes == EndMark)
            {
                State = ReceiveState.Idle;
            }
            else
            {
                Seen += bytes;
            }
        }
    }
}
