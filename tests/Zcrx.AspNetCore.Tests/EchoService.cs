using System.Security.Cryptography;
using Grpc.Core;

namespace Zcrx.AspNetCore.Tests;

/// <summary>
/// Provides each kind of gRPC call, with messages of plain bytes. The methods are virtual, because Grpc.AspNetCore finds no others.
/// </summary>
[BindServiceMethod(typeof(EchoService), nameof(Bind))]
public class EchoService
{
    private const int Repetitions = 8;

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    // Grpc.AspNetCore calls this method with a null service to find the methods.
    public static void Bind(ServiceBinderBase binder, EchoService? service)
    {
        binder.AddMethod(MethodOf(MethodType.Unary, nameof(Unary)), service is null ? null : service.Unary);
        binder.AddMethod(MethodOf(MethodType.ServerStreaming, nameof(Repeat)), service is null ? null : service.Repeat);
        binder.AddMethod(MethodOf(MethodType.ClientStreaming, nameof(Digest)), service is null ? null : service.Digest);
        binder.AddMethod(MethodOf(MethodType.DuplexStreaming, nameof(Chat)), service is null ? null : service.Chat);
        binder.AddMethod(MethodOf(MethodType.Unary, nameof(Refuse)), service is null ? null : service.Refuse);
        binder.AddMethod(MethodOf(MethodType.Unary, nameof(Wait)), service is null ? null : service.Wait);
    }

    public virtual Task<byte[]> Unary(byte[] request, ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue("zcrx-header") is { } header)
        {
            context.ResponseTrailers.Add("zcrx-trailer", header);
        }

        return Task.FromResult(request);
    }

    public virtual async Task Repeat(byte[] request, IServerStreamWriter<byte[]> responses, ServerCallContext context)
    {
        for (int i = 0; i < Repetitions; i++)
        {
            await responses.WriteAsync(request, context.CancellationToken);
        }
    }

    public virtual async Task<byte[]> Digest(IAsyncStreamReader<byte[]> requests, ServerCallContext context)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (byte[] request in requests.ReadAllAsync(context.CancellationToken))
        {
            hash.AppendData(request);
        }

        return hash.GetHashAndReset();
    }

    public virtual async Task Chat(IAsyncStreamReader<byte[]> requests, IServerStreamWriter<byte[]> responses, ServerCallContext context)
    {
        await foreach (byte[] request in requests.ReadAllAsync(context.CancellationToken))
        {
            await responses.WriteAsync(request, context.CancellationToken);
        }
    }

    public virtual Task<byte[]> Refuse(byte[] request, ServerCallContext context) => throw new RpcException(new Status(StatusCode.FailedPrecondition, "Refused for the test."));

    /// <summary>Waits until the client cancels the call, or until its deadline.</summary>
    public virtual async Task<byte[]> Wait(byte[] request, ServerCallContext context)
    {
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = context.CancellationToken.Register(() => cancelled.TrySetCanceled(context.CancellationToken));
        await cancelled.Task;
        return request;
    }

    private static Method<byte[], byte[]> MethodOf(MethodType type, string name) => new(type, "zcrx.Echo", name, Bytes, Bytes);
}
