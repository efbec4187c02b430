#include "provider/exchange.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "support/stamp.h"

namespace chatbox::bench {
namespace {

constexpr std::size_t kUnpacedBatch = 64 * 1024;
constexpr std::string_view kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n";

// Case-insensitive only as far as real clients differ: libcurl and nginx write Content-Length so.
std::size_t content_length(std::string_view head) {
    for (const std::string_view name : {"\r\nContent-Length:", "\r\ncontent-length:"}) {
        const auto at = head.find(name);
        if (at != std::string_view::npos) {
            return std::strtoull(std::string(head.substr(at + name.size(), 24)).c_str(), nullptr, 10);
        }
    }
    return 0;
}

}  // namespace

Exchange::Exchange(EventLoop& loop, int fd, Later later, std::function<void()> gone)
    : tcp_(loop, *this), later_(std::move(later)), gone_(std::move(gone)) {
    tcp_.adopt(fd);
}

void Exchange::on_bytes(std::string_view bytes) {
    in_.append(bytes);
    take_requests();
}

void Exchange::on_gone(std::string_view) {
    const auto gone = std::move(gone_);  // survives the destruction of this
    gone();
}

void Exchange::take_requests() {
    constexpr std::string_view kEndOfHead = "\r\n\r\n";
    while (!answering_) {
        const auto head_end = in_.find(kEndOfHead);
        if (head_end == std::string::npos) return;
        const std::string_view head(in_.data(), head_end);
        const std::size_t body_at = head_end + kEndOfHead.size();
        const std::size_t length = content_length(head);
        if (in_.size() - body_at < length) {
            if (in_.size() == body_at && head.find("100-continue") != std::string_view::npos) {
                tcp_.send("HTTP/1.1 100 Continue\r\n\r\n");
            }
            return;
        }
        take_request(head, std::string_view(in_).substr(body_at, length));
        in_.erase(0, body_at + length);
    }
}

void Exchange::take_request(std::string_view head, std::string_view body) {
    const auto target = head.substr(0, head.find("\r\n"));
    if (target.starts_with("POST ") && target.find("/chat/completions") != std::string_view::npos) {
        chunked_ = true;
        wants_usage_ = body.find("\"include_usage\":true") != std::string_view::npos;
        begin(parse_script(body));
    } else if (target.starts_with("GET /sse")) {
        chunked_ = false;
        wants_usage_ = false;
        const auto query = target.find('?');
        const auto end = target.rfind(' ');
        begin(query < end ? parse_script_query(target.substr(query + 1, end - query - 1)) : Script{});
    } else if (target.starts_with("GET ") && target.find("/models") != std::string_view::npos) {
        send_json("200 OK", R"({"object":"list","data":[{"id":"bench","object":"model"}]})");
    } else {
        send_json("404 Not Found", R"({"error":{"message":"no such route"}})");
    }
}

void Exchange::send_json(std::string_view status, std::string_view body) {
    std::string answer = "HTTP/1.1 ";
    answer.append(status).append("\r\nContent-Type: application/json\r\nContent-Length: ");
    answer.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    tcp_.send(answer);
}

void Exchange::begin(const Script& script) {
    script_ = script;
    answering_ = true;
    sent_ = 0;
    if (script_.stall && script_.tokens == 0) return;
    std::string head(kStreamHead);
    head += chunked_ ? "Transfer-Encoding: chunked\r\n\r\n" : "Connection: close\r\n\r\n";
    tcp_.send(head);
    started_ = now_ns() + static_cast<Nanoseconds>(script_.delay) * kMillisecond;
    later_(started_, script_.rate > 0 ? &Exchange::stream_paced : &Exchange::stream_unpaced);
}

void Exchange::stream_paced() {
    const double gap = static_cast<double>(kSecond) / script_.rate;
    const auto due = [&] { return started_ + static_cast<Nanoseconds>(static_cast<double>(sent_) * gap); };
    while (sent_ < script_.tokens && due() <= now_ns()) send_token();
    if (sent_ < script_.tokens) {
        later_(due(), &Exchange::stream_paced);
    } else {
        finish();
    }
}

void Exchange::stream_unpaced() {
    while (sent_ < script_.tokens && tcp_.queued() < kUnpacedBatch) send_token();
    if (sent_ == script_.tokens) finish();
}

void Exchange::on_drained() {
    if (answering_ && script_.rate == 0 && sent_ < script_.tokens) stream_unpaced();
}

void Exchange::send_token() {
    ++sent_;
    if (script_.stamp) {
        const auto stamp = make_stamp(now_ns());
        send_delta({stamp.data(), stamp.size()});
    } else {
        std::string word(std::max<std::size_t>(script_.size, 1), 'a');
        word[0] = ' ';
        send_delta(word);
    }
}

void Exchange::send_delta(std::string_view text) {
    std::string data =
        R"({"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench",)"
        R"("choices":[{"index":0,"delta":{"content":")";
    data.append(text).append(R"("},"logprobs":null,"finish_reason":null}]})");
    send_event(data);
}

void Exchange::send_event(std::string_view data) {
    std::string out;
    out.reserve(data.size() + 24);
    if (chunked_) {
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", data.size() + 8);
        out += size;
    }
    out.append("data: ").append(data).append("\n\n");
    if (chunked_) out += "\r\n";
    tcp_.send(out);
}

void Exchange::finish() {
    if (script_.stall) return;
    send_event(
        R"({"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench",)"
        R"("choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]})");
    if (wants_usage_) {
        const auto count = std::to_string(script_.tokens);
        send_event(
            R"({"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench",)"
            R"("choices":[],"usage":{"prompt_tokens":1,"completion_tokens":)" +
            count + R"(,"total_tokens":)" + count + "}}");
    }
    send_event("[DONE]");
    // Not at once: the caller may be in the middle of reading requests, and ending may destroy this.
    later_(now_ns(), &Exchange::end_answer);
}

void Exchange::end_answer() {
    if (chunked_) {
        answering_ = false;
        tcp_.send("0\r\n\r\n");
        take_requests();
    } else if (tcp_.queued() > 0) {
        later_(now_ns() + kMillisecond, &Exchange::end_answer);
    } else {
        tcp_.close();
        on_gone("");
    }
}

}  // namespace chatbox::bench
