using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Recipes;

/// <summary>Keeps values in memory for clients that speak RESP, the protocol of Redis: PING, ECHO, SET, GET, DEL, INCR.</summary>
/// <remarks>
/// Requests may be pipelined. The replies to requests that arrived together are sent together. A value may have up to 1 MiB.
/// </remarks>
internal sealed class RespServer
{
    private const int MaxValue = 1 << 20;
    private const int MaxArguments = 1024;
    private const int MaxLine = 64;
    private const int MaxUnflushed = 64 << 10;

    private readonly ConcurrentDictionary<string, byte[]> _values = new();

    public static void Add(IServiceCollection services, string listen) => services.AddZcrx(zcrx => zcrx.Listen(listen, new RespServer().ServeAsync));

    private async Task ServeAsync(ZcrxConnection connection, CancellationToken token)
    {
        // A reply takes microseconds and waits for nothing, so it is computed where the request arrives. That saves a thread switch.
        using ZcrxDuplexPipe pipe = connection.ToDuplexPipe(continueOnRingThread: true);
        await ServeAsync(pipe, token);
    }

    /// <summary>Replies until the client ends its side or sends an invalid request.</summary>
    public async Task ServeAsync(IDuplexPipe pipe, CancellationToken token)
    {
        List<ReadOnlySequence<byte>> request = [];
        bool isOver;
        do
        {
            ReadResult read = await pipe.Input.ReadAsync(token);
            ReadOnlySequence<byte> rest = read.Buffer;
            isOver = read.IsCompleted;
            try
            {
                while (TryRead(ref rest, request))
                {
                    Answer(request, pipe.Output);
                    if (pipe.Output.UnflushedBytes > MaxUnflushed)
                    {
                        await pipe.Output.FlushAsync(token);
                    }
                }
            }
            catch (InvalidDataException exception)
            {
                WriteLine(pipe.Output, $"-ERR Protocol error: {exception.Message}");
                isOver = true;
            }

            await pipe.Output.FlushAsync(token);
            pipe.Input.AdvanceTo(rest.Start, rest.End);
        }
        while (!isOver);
    }

    private void Answer(List<ReadOnlySequence<byte>> request, PipeWriter output)
    {
        string command = request.Count == 0 ? "" : Text(request[0]).ToUpperInvariant();
        switch ((command, request.Count))
        {
            case ("PING", 1):
                WriteLine(output, $"+PONG");
                break;
            case ("PING" or "ECHO", 2):
                WriteBulk(output, request[1]);
                break;
            case ("SET", 3):
                _values[Text(request[1])] = request[2].ToArray();
                WriteLine(output, $"+OK");
                break;
            case ("GET", 2) when _values.TryGetValue(Text(request[1]), out byte[]? value):
                WriteBulk(output, new ReadOnlySequence<byte>(value));
                break;
            case ("GET", 2):
                WriteLine(output, $"$-1");
                break;
            case ("DEL", > 1):
                WriteLine(output, $":{request.Skip(1).Count(key => _values.TryRemove(Text(key), out _))}");
                break;
            case ("INCR", 2):
                try
                {
                    WriteLine(output, $":{Number(_values.AddOrUpdate(Text(request[1]), static _ => [(byte)'1'], static (_, old) => Bytes(checked(Number(old) + 1))))}");
                }
                catch (Exception exception) when (exception is FormatException or OverflowException)
                {
                    WriteLine(output, $"-ERR value is not an integer or out of range");
                }

                break;
            default:
                WriteLine(output, $"-ERR unknown command or wrong number of arguments");
                break;
        }
    }

    /// <summary>Parses the next request, which is an array of length-prefixed strings.</summary>
    /// <returns>False if the request has not arrived completely.</returns>
    /// <exception cref="InvalidDataException">The bytes are not a request.</exception>
    private static bool TryRead(ref ReadOnlySequence<byte> bytes, List<ReadOnlySequence<byte>> request)
    {
        SequenceReader<byte> reader = new(bytes);
        request.Clear();
        if (!TryReadLength(ref reader, '*', MaxArguments, out int count))
        {
            return false;
        }

        for (; count > 0; count--)
        {
            if (!TryReadLength(ref reader, '$', MaxValue, out int length) || !reader.TryReadExact(length, out ReadOnlySequence<byte> value) || reader.Remaining < 2)
            {
                return false;
            }

            if (!reader.IsNext("\r\n"u8, advancePast: true))
            {
                throw new InvalidDataException("a value must end with CRLF");
            }

            request.Add(value);
        }

        bytes = reader.UnreadSequence;
        return true;
    }

    private static bool TryReadLength(ref SequenceReader<byte> reader, char type, int most, out int length)
    {
        length = 0;
        if (!reader.TryReadTo(out ReadOnlySpan<byte> line, "\r\n"u8))
        {
            return reader.Remaining <= MaxLine ? false : throw new InvalidDataException("a length is expected");
        }

        return line.Length > 1 && line[0] == type && int.TryParse(line[1..], NumberStyles.None, CultureInfo.InvariantCulture, out length) && length <= most
            ? true
            : throw new InvalidDataException(type == '*' ? "invalid multibulk length" : "invalid bulk length");
    }

    private static void WriteBulk(PipeWriter output, in ReadOnlySequence<byte> value)
    {
        WriteLine(output, $"${value.Length}");
        foreach (ReadOnlyMemory<byte> piece in value)
        {
            output.Write(piece.Span);
        }

        WriteLine(output, $"");
    }

    private static void WriteLine(PipeWriter output, DefaultInterpolatedStringHandler line)
    {
        output.Advance(Encoding.ASCII.GetBytes(line.Text, output.GetSpan(line.Text.Length + 2)));
        output.Write("\r\n"u8);
        line.Clear();
    }

    // Latin-1 maps each byte to one character, so any bytes may be a key.
    private static string Text(in ReadOnlySequence<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static byte[] Bytes(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static long Number(byte[] text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
