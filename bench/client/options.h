#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace chatbox::bench {

// What is measured: our server, or a peer that speaks plain WebSocket or server-sent events.
enum class Kind { chatbox, websocket, sse };

struct Options {
    Kind kind = Kind::chatbox;
    std::string who = "chatbox";  // name in the printed figures
    std::string what;             // likewise; empty: the name of the mode
    std::uint16_t port = 0;
    std::string path = "/chatbox/ws";
    int pid = 0;         // of the server, for its memory and processor time; 0: not measured
    std::string secret;  // signs the users' tokens; from BENCH_SECRET, so that it is not in the process list
    std::string prefix = "u";  // of user names: one per round, or rounds would share sessions
    int version = 2;
    std::string query;  // appended to our URL, for example "merge=40"
    std::uint32_t connections = 100;
    std::uint32_t concurrency = 100;
    std::uint32_t warmup = 0;  // connections opened and closed before the first reading
    double seconds = 3;
    double deadline = 120;  // seconds after which the run is given up as failed
    std::string sessions_in;
    std::string sessions_out;
    // Streams.
    std::uint32_t streams = 1;
    std::uint32_t viewers = 1;
    bool slow = false;  // one viewer more, of the first stream, that reads 1 kB/s
    std::uint64_t tokens = 1000;
    double rate = 100;
    std::uint64_t size = 5;
    std::vector<std::uint64_t> positions;
    // Echo.
    std::uint32_t payload = 64;
    bool ping = false;
};

// The modes. Each prints its figures and returns false when something was lost, refused or late: a figure of
// a server that does not do the work is worth nothing.
bool run_idle(const Options& options);
bool run_fill(const Options& options);
bool run_echo(const Options& options);
bool run_relay(const Options& options);
bool run_wire(const Options& options);
bool run_handshakes(const Options& options);
bool run_durable(const Options& options);
bool run_reconnect(const Options& options);
bool run_memory(const Options& options);

}  // namespace chatbox::bench
