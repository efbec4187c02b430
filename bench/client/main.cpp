// The load client of bench/run. One mode per run; figures as JSON lines on stdout, trouble on stderr.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>

#include "client/options.h"

namespace chatbox::bench {
namespace {

struct Mode {
    const char* name;
    const char* help;
    bool (*run)(const Options&);
};

constexpr Mode kModes[] = {
    {"memory", "resident memory of --pid", run_memory},
    {"idle", "memory per connection that does nothing", run_idle},
    {"fill", "make sessions: connect, ask, leave", run_fill},
    {"echo", "small frames there and back", run_echo},
    {"relay", "streams of tokens to viewers", run_relay},
    {"wire", "bytes on the wire of one answer", run_wire},
    {"handshakes", "connect, bind, leave, again", run_handshakes},
    {"durable", "acknowledged messages", run_durable},
    {"reconnect", "bytes of coming back in mid-answer", run_reconnect},
};

void add_options(CLI::App& app, Options& options) {
    const std::map<std::string, Kind> kinds{
        {"chatbox", Kind::chatbox}, {"websocket", Kind::websocket}, {"sse", Kind::sse}};
    app.add_option("--kind", options.kind, "chatbox, websocket or sse")
        ->transform(CLI::CheckedTransformer(kinds));
    app.add_option("--who", options.who, "name of the measured server in the figures");
    app.add_option("--what", options.what, "name of the measurement in the figures");
    app.add_option("--port", options.port, "port on 127.0.0.1");
    app.add_option("--path", options.path, "path of the request");
    app.add_option("--pid", options.pid, "process whose memory and processor time count");
    app.add_option("--prefix", options.prefix, "of the users' names");
    app.add_option("--version", options.version, "of the chat protocol");
    app.add_option("--query", options.query, "appended to the chat URL");
    app.add_option("--connections", options.connections);
    app.add_option("--concurrency", options.concurrency, "connections being opened at a time");
    app.add_option("--warmup", options.warmup, "connections opened and closed before the first reading");
    app.add_option("--seconds", options.seconds, "length of the measurement");
    app.add_option("--deadline", options.deadline, "seconds after which the run has failed");
    app.add_option("--sessions", options.sessions_in, "file with known users and sessions");
    app.add_option("--save-sessions", options.sessions_out, "file to write users and sessions to");
    app.add_option("--streams", options.streams);
    app.add_option("--viewers", options.viewers, "per stream");
    app.add_flag("--slow", options.slow, "one viewer more, of the first stream, that reads 1 kB/s");
    app.add_option("--tokens", options.tokens, "per stream");
    app.add_option("--rate", options.rate,
                   "per second: tokens of a stream, messages of a connection; 0: as fast as possible");
    app.add_option("--size", options.size, "bytes of a token without stamp");
    app.add_option("--positions", options.positions, "tokens after which to come back")->delimiter(',');
    app.add_option("--payload", options.payload, "bytes of an echoed frame");
    app.add_flag("--ping", options.ping, "echo by ping and pong instead of text frames");
}

int main_with_errors(int argc, char** argv) {
    CLI::App app{"Load client of the Chatbox benches. The users' tokens are signed with $BENCH_SECRET."};
    app.require_subcommand(1);
    Options options;
    bool good = false;
    for (const Mode& mode : kModes) {
        CLI::App* command = app.add_subcommand(mode.name, mode.help);
        add_options(*command, options);
        command->callback([&options, &good, run = mode.run] { good = run(options); });
    }
    if (const char* secret = std::getenv("BENCH_SECRET")) options.secret = secret;
    CLI11_PARSE(app, argc, argv);
    return good ? 0 : 1;
}

}  // namespace
}  // namespace chatbox::bench

int main(int argc, char** argv) {
    try {
        return chatbox::bench::main_with_errors(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_client: %s\n", error.what());
        return 1;
    }
}
