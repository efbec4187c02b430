#pragma once
// Decodes bodies in pieces, and holds that the pieces do not matter.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "llm/vendor/stream_decoder.h"

namespace chatbox::llm::vendor::testing {

struct Outcome {
    std::string text;
    AnswerEnd end;  // of a good answer; of a bad one what was known
    base::Errc error{};
    std::string detail;
    int status = 0;
    bool ok() const { return error == base::Errc{}; }
    friend bool operator==(const Outcome& a, const Outcome& b) {
        return a.text == b.text && a.end.usage == b.end.usage && a.end.finish_reason == b.end.finish_reason &&
               a.end.state == b.end.state && a.error == b.error && a.detail == b.detail &&
               a.status == b.status;
    }
};

class Collector final : public StreamDecoder::Text {
public:
    bool on_text(std::string_view piece) override {
        EXPECT_FALSE(piece.empty());
        EXPECT_TRUE(base::is_valid_utf8(piece)) << piece;
        text += piece;
        return true;
    }
    std::string text;
};

template <class Decoder>
Outcome decode(const std::vector<std::string>& pieces, StreamLimits limits = {}) {
    Decoder decoder(limits);
    Collector collector;
    std::optional<StreamDecoder::End> end;
    for (std::string bytes : pieces) {
        if (!end) end = decoder.feed(bytes, collector);
        bytes.assign(bytes.size(), '#');  // a view that was kept too long would show
    }
    if (!end) end = decoder.finish(collector);
    Outcome outcome{collector.text, decoder.known(), {}, {}, decoder.error_status()};
    if (end->has_error()) {
        outcome.error = end->error().code;
        outcome.detail = end->error().detail;
    }
    return outcome;
}

// The outcome of `body`, which must be the same wherever it is cut in two, and byte by byte.
template <class Decoder>
Outcome decode_every_cut(const std::string& body, StreamLimits limits = {}) {
    const Outcome whole = decode<Decoder>({body}, limits);
    std::vector<std::string> bytes;
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        const Outcome outcome = decode<Decoder>({body.substr(0, cut), body.substr(cut)}, limits);
        EXPECT_TRUE(outcome == whole) << "cut at " << cut << ": " << outcome.text << " / " << outcome.detail;
        if (cut < body.size()) bytes.push_back(body.substr(cut, 1));
    }
    EXPECT_TRUE(decode<Decoder>(bytes, limits) == whole) << "byte by byte";
    return whole;
}

inline std::string with_crlf(const std::string& body) {
    std::string out;
    for (const char c : body) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
    return out;
}

}  // namespace chatbox::llm::vendor::testing
