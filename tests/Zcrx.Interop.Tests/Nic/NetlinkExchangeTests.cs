using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Netlink;
using static Zcrx.Interop.Abi.LinuxNetlink;
using static Zcrx.Interop.Tests.Nic.ScriptedTransport;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>
/// Tests how the library recognizes the end of an answer: after a dump, an acknowledgement, an error with text, or an invalid message.
/// </summary>
public class NetlinkExchangeTests
{
    private const ushort Family = 40;

    private static readonly byte[] Request = QueueRequest();

    [Fact]
    public void Dump_returns_all_messages_before_its_end_message()
    {
        ScriptedTransport transport = new(request =>
        [
            [.. Queue(request, 0, 0), .. Queue(request, 1, 0), .. Queue(request, 0, 1)],
            [.. Queue(request, 2, 0), .. Message(NLMSG_DONE, NLM_F_MULTI, SequenceOf(request), 0, 0, 0, 0)],
        ]);

        Assert.Equal((0, "0,1,2"), Ask(transport));
    }

    [Fact]
    public void Dump_that_changed_while_it_was_read_is_requested_again()
    {
        int asked = 0;
        ScriptedTransport transport = new(request =>
        {
            bool interrupted = ++asked < 3;
            return
            [
                Queue(request, interrupted ? 7u : 1u, 0, interrupted ? NLM_F_DUMP_INTR : (ushort)0),
                Message(NLMSG_DONE, NLM_F_MULTI, SequenceOf(request), 0, 0, 0, 0),
            ];
        });

        Assert.Equal((0, "1"), Ask(transport));
        Assert.Equal(3, asked);
        Assert.Equal(3, transport.Requests.Select(SequenceOf).Distinct().Count());
    }

    [Fact]
    public void A_dump_that_never_stops_changing_is_an_error()
    {
        ScriptedTransport transport = new(request => [Queue(request, 7, 0, NLM_F_DUMP_INTR), Message(NLMSG_DONE, NLM_F_MULTI, SequenceOf(request), 0, 0, 0, 0)]);

        Assert.Equal((-Errno.EINTR, ""), Ask(transport));
        Assert.Equal(8, transport.Requests.Count);
    }

    [Fact]
    public void Error_contains_the_kernels_message()
    {
        ScriptedTransport transport = new(request => [Queue(request, 0, 0), Error(request, -Errno.EINVAL, "tcp-data-split is disabled")]);
        NetlinkOutcome outcome = new NetlinkExchange(transport).Query(Request, NetlinkReplies.ReadQueue, new List<RxQueueFacts>());

        Assert.Equal(new NetlinkOutcome(-Errno.EINVAL, "tcp-data-split is disabled"), outcome);
        string message = NetlinkErrors.Explain("Setting header/data split of eth0", "eth0", outcome.Error, outcome.Text).Message;
        Assert.StartsWith("Setting header/data split of eth0 failed with EINVAL: the driver of eth0 refused it (the kernel reports: tcp-data-split is disabled). ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_to_an_earlier_request_and_from_other_processes_are_not_taken()
    {
        ScriptedTransport stale = new(request => [Queue(request, 5, 0, sequence: SequenceOf(request) - 1), Queue(request, 1, 0), Error(request, 0)]);
        Assert.Equal((0, "1"), Ask(stale));
        ScriptedTransport forged = new(request => [Queue(request, 5, 0), Error(request, 0)]) { Sender = 4711 };
        Assert.Equal((-Errno.ETIMEDOUT, ""), Ask(forged));
    }

    [Fact]
    public void Datagram_longer_than_the_buffer_is_an_error()
    {
        ScriptedTransport transport = new(request => [[.. Queue(request, 1, 0), .. new byte[2 << 20]]]);
        Assert.Equal((-Errno.EMSGSIZE, ""), Ask(transport));
    }

    [Fact]
    public void Query_answered_with_arbitrary_bytes_ends_without_an_exception() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3_000),
        Prop.ForAll<byte[][]>(datagrams =>
        {
            (int error, string queues) = Ask(new ScriptedTransport(_ => datagrams.Select(datagram => datagram ?? [])));
            Assert.True(error < 0 || queues.Length == 0);
        }));

    [Fact]
    public void Query_answered_with_a_damaged_answer_ends_without_an_exception() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3_000),
        Prop.ForAll<Damage[], byte>((damages, cut) =>
        {
            ScriptedTransport transport = new(request =>
            {
                byte[] answer =
                [
                    .. Queue(request, 0, 0), .. Queue(request, 1, 0), .. Error(request, -Errno.EBUSY, "in use"),
                    .. Message(NLMSG_DONE, NLM_F_MULTI, SequenceOf(request), 0, 0, 0, 0),
                ];
                foreach (Damage damage in damages)
                {
                    answer[damage.Position % answer.Length] = damage.Value;
                }

                return [answer[..int.Max(0, answer.Length - cut)]];
            });
            (int error, string queues) = Ask(transport);
            Assert.True(error < 0 ? queues.Length == 0 : error == 0);
        }));

    [Fact]
    public void Every_reader_survives_arbitrary_messages() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3_000),
        Prop.ForAll<byte[], byte, byte>((bytes, type, command) =>
        {
            byte[] payload = bytes.Length == 0 ? bytes : [command, .. bytes[1..]];
            foreach (ushort kind in new ushort[] { type, 16, 17, 88, Family })
            {
                NetlinkMessages messages = new(Message(kind, 0, 1, payload));
                Assert.True(messages.TryRead(out NetlinkMessage message));
                _ = NetlinkReplies.ReadFamily(message, out _);
                _ = NetlinkReplies.ReadLink(message, out _);
                _ = NetlinkReplies.ReadRings(message, out _);
                _ = NetlinkReplies.ReadChannels(message, out _);
                _ = NetlinkReplies.ReadRss(message, out _);
                _ = NetlinkReplies.ReadQueue(message, out _);
                _ = NetlinkReplies.ReadNapi(message, out _);
                _ = NetlinkReplies.ReadQueueOfInterface(message, out _);
                _ = NetlinkReplies.ReadCreatedQueue(message, out _);
                _ = NetlinkReplies.ReadNamespaceId(message, out _);
            }
        }));

    /// <summary>Represents one byte of an answer that is changed.</summary>
    public sealed record Damage(ushort Position, byte Value);

    private static (int Error, string Queues) Ask(ScriptedTransport transport)
    {
        List<RxQueueFacts> queues = [];
        NetlinkOutcome outcome = new NetlinkExchange(transport).Query(Request, NetlinkReplies.ReadQueue, queues);
        return (outcome.Error, string.Join(',', queues.Select(queue => queue.Index)));
    }

    private static byte[] QueueRequest()
    {
        NetlinkWriter writer = new(new byte[64], Family, NLM_F_REQUEST | NLM_F_DUMP);
        writer.Append(new genlmsghdr { cmd = LinuxNetdev.NETDEV_CMD_QUEUE_GET, version = 1 });
        return writer.Finish().ToArray();
    }

    private static byte[] Queue(byte[] request, uint id, uint type, ushort flags = 0, uint? sequence = null)
    {
        NetlinkWriter writer = new(new byte[128], Family, (ushort)(NLM_F_MULTI | flags));
        writer.Append(new genlmsghdr { cmd = LinuxNetdev.NETDEV_CMD_QUEUE_GET, version = 1 });
        writer.Add(LinuxNetdev.NETDEV_A_QUEUE_ID, id);
        writer.Add(LinuxNetdev.NETDEV_A_QUEUE_TYPE, type);
        return WithSequence(writer.Finish(), sequence ?? SequenceOf(request));
    }
}
