#include "llm/openai/openai_provider.h"

#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <utility>

#include "llm/openai/stream_decoder.h"
#include "redact.h"

namespace chatbox::llm::openai {

using base::Errc;
using base::Error;
using base::Millis;
using base::Nothing;
using base::Result;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;
constexpr std::size_t max_quoted_bytes = 1024;    // of a vendor's error body
constexpr std::size_t max_trailing_bytes = 4096;  // that a vendor may send after its end mark
constexpr std::size_t max_ending = 64;  // connections that are given time to end, so that they can be reused

std::string_view name_of(Role role) {
    switch (role) {
        case Role::system:
            return "system";
        case Role::user:
            return "user";
        case Role::assistant:
            return "assistant";
    }
    return "user";
}

std::string body_of(const Prompt& prompt, const Options& options) {
    boost::json::array messages;
    messages.reserve(prompt.messages.size());
    for (const PromptMessage& message : prompt.messages)
        messages.push_back({{"role", name_of(message.role)}, {"content", message.content}});
    boost::json::object body{{"model", options.model}, {"messages", std::move(messages)}, {"stream", true}};
    if (options.request_usage) body["stream_options"] = {{"include_usage", true}};
    return boost::json::serialize(body);
}

http_client::Request request_of(const Prompt& prompt, const Options& options) {
    http_client::Request request;
    request.method = "POST";
    request.url = options.endpoint;
    while (request.url.ends_with('/')) request.url.pop_back();
    request.url += "/chat/completions";
    request.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
    if (!options.api_key.empty()) request.headers.emplace_back("Authorization", "Bearer " + options.api_key);
    request.body = body_of(prompt, options);
    request.deadlines = options.deadlines;
    // Around a token of four bytes some servers put a thousand. The text has its own limit; this one stops a
    // server that sends for ever and says nothing.
    request.max_body_bytes = 64 * mebibyte + 256 * std::min(options.max_answer_bytes, 1024 * 1024 * mebibyte);
    return request;
}

Errc errc_of_status(int status) {
    return status == 408 || status == 429 || status >= 500 ? Errc::unavailable : Errc::rejected;
}

// What a failure of the HTTP client means to who asked for an answer.
Error as_answer_error(const Error& error) {
    if (error.code == Errc::timeout || error.code == Errc::limit) return error;
    if (error.code == Errc::invalid) return {Errc::rejected, "the request cannot be sent: " + error.detail};
    return {Errc::unavailable, error.detail};
}

class Answer;

// Answers that are over while their HTTP exchange is not: the end mark comes before the end of the body.
// Cutting the exchange there would cost the connection, and the next answer a TLS handshake.
using Ending = std::deque<std::shared_ptr<Answer>>;

// One answer. Kept alive by its AnswerCall, by calls in progress, and by the list of the ending ones.
class Answer final : public http_client::ResponseSink,
                     private StreamDecoder::Text,
                     public std::enable_shared_from_this<Answer> {
public:
    Answer(const Options& options, AnswerSink& sink, std::weak_ptr<Ending> ending)
        : decoder_({.max_line_bytes = options.max_line_bytes, .max_answer_bytes = options.max_answer_bytes}),
          api_key_(options.api_key),
          sink_(&sink),
          ending_(std::move(ending)) {}

    void start(http_client::Client& client, http_client::Request request) {
        call_ = client.start(std::move(request), *this);
    }

    // The caller wants no more.
    void abandon() {
        sink_ = nullptr;
        if (!answered_) call_.reset();
    }

private:
    void on_status(int status, std::string_view) override { status_ = status; }
    void on_retry_after(Millis wait) override { retry_after_ = wait; }

    void on_body(std::string_view bytes) override {
        const auto self = shared_from_this();
        if (answered_) return drain(bytes);
        if (status_ != 200) return quote(bytes);
        if (auto end = decoder_.feed(bytes, *this)) end_with(without_keys(std::move(*end)));
    }

    void on_done(Result<Nothing> result) override {
        const auto self = shared_from_this();
        if (answered_) return leave();
        done_ = true;
        if (status_ != 0 && status_ != 200) return end_with(status_error());
        if (!result) return end_with(as_answer_error(result.error()));
        if (auto end = decoder_.finish(*this)) end_with(without_keys(std::move(*end)));
    }

    bool on_text(std::string_view piece) override {
        sink_->on_delta(piece);
        return sink_ != nullptr;
    }

    void quote(std::string_view bytes) {
        const std::size_t room = max_quoted_bytes - quoted_.size();
        quoted_.append(bytes.substr(0, room));
        quote_was_cut_ = bytes.size() > room;
        if (quote_was_cut_) end_with(status_error());
    }

    Error status_error() const {
        std::string detail = "status " + std::to_string(status_);
        if (retry_after_) detail += ", retry after " + base::format_duration(*retry_after_);
        const std::string text = quote_was_cut_ ? redact_cut(quoted_, api_key_) : redact(quoted_, api_key_);
        if (!text.empty()) detail += ": " + text;
        return {errc_of_status(status_), std::move(detail)};
    }

    void end_with(Result<AnswerEnd> end) {
        answered_ = true;
        if (end.has_error())
            call_.reset();
        else if (!done_)
            linger();
        if (sink_ != nullptr) std::exchange(sink_, nullptr)->on_end(std::move(end));
    }

    // The decoder quotes the vendor's error objects as they are.
    Result<AnswerEnd> without_keys(Result<AnswerEnd> end) const {
        if (end.has_value()) return end;
        const Error error = end.error();  // by value: Boost 1.81 returns a copy
        const std::string_view detail = error.detail;
        return Error{error.code, detail.size() <= max_quoted_bytes
                                     ? redact(detail, api_key_)
                                     : redact_cut(detail.substr(0, max_quoted_bytes), api_key_)};
    }

    void linger() {
        const auto ending = ending_.lock();
        if (!ending) return call_.reset();
        ending->push_back(shared_from_this());
        if (ending->size() > max_ending) ending->pop_front();
    }

    void drain(std::string_view bytes) {
        trailing_bytes_ += bytes.size();
        if (trailing_bytes_ > max_trailing_bytes) leave();
    }

    void leave() {
        call_.reset();
        if (const auto ending = ending_.lock()) std::erase(*ending, shared_from_this());
    }

    StreamDecoder decoder_;
    std::string api_key_;
    AnswerSink* sink_;  // null once it wants no more or has heard the end
    std::weak_ptr<Ending> ending_;
    std::unique_ptr<http_client::Call> call_;
    int status_ = 0;
    std::optional<Millis> retry_after_;
    std::string quoted_;
    bool quote_was_cut_ = false;
    bool answered_ = false;
    bool done_ = false;
    std::size_t trailing_bytes_ = 0;
};

class OpenAiCall final : public AnswerCall {
public:
    explicit OpenAiCall(std::shared_ptr<Answer> answer) : answer_(std::move(answer)) {}
    ~OpenAiCall() override { answer_->abandon(); }

private:
    std::shared_ptr<Answer> answer_;
};

class OpenAiProvider final : public Provider {
public:
    OpenAiProvider(http_client::Client& client, Options options)
        : client_(client), options_(std::move(options)) {}

    std::unique_ptr<AnswerCall> answer(Prompt prompt, AnswerSink& sink) override {
        auto answer = std::make_shared<Answer>(options_, sink, ending_);
        answer->start(client_, request_of(prompt, options_));
        return std::make_unique<OpenAiCall>(std::move(answer));
    }

private:
    http_client::Client& client_;
    Options options_;
    std::shared_ptr<Ending> ending_ = std::make_shared<Ending>();
};

}  // namespace

std::unique_ptr<Provider> make_openai_provider(http_client::Client& client, Options options) {
    return std::make_unique<OpenAiProvider>(client, std::move(options));
}

}  // namespace chatbox::llm::openai
