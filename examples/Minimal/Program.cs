using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Minimal;
using Zcrx.Actors;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddZcrx();
builder.Services.AddAkka("minimal", akka => akka
    .WithZcrx(builder.Configuration, zcrx => zcrx.Handle<FrameLogger>("ingest"))
    .ConfigureLoggers(logging => logging.ClearLoggers().AddLoggerFactory())
    .WithActors((system, registry, resolver) => registry.Register<StatusReporter>(system.ActorOf(resolver.Props<StatusReporter>(), "status"))));
builder.Build().Run();
