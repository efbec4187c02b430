#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace chatbox::bench {

// What the provider is to do, chosen by whoever asks: the words behind "bench" in the last user message, for
// example "bench tokens=600 rate=100 stamp=1", or the query of GET /sse.
struct Script {
    std::uint64_t tokens = 1;
    double rate = 0;          // tokens per second; 0: as fast as the reader reads
    bool stamp = false;       // each token carries its time of sending (stamp.h)
    bool stall = false;       // never end the answer; with tokens=0 do not even begin it
    std::uint64_t size = 5;   // bytes of a token without stamp
    std::uint64_t delay = 0;  // milliseconds before the first token
};

// Reads the last script in `text`; words that it does not know are skipped, so that prose may follow.
Script parse_script(std::string_view text);

// The same from "tokens=600&rate=100".
Script parse_script_query(std::string_view query);

}  // namespace chatbox::bench
