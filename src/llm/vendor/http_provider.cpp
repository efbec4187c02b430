#include "llm/vendor/http_provider.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "llm/vendor/error_class.h"
#include "llm/vendor/redact.h"

namespace chatbox::llm::vendor {

using base::Errc;
using base::Error;
using base::Millis;
using base::Nothing;
using base::Result;

namespace {

constexpr std::size_t max_quoted_bytes = 1024;    // of a vendor's error body
constexpr std::size_t max_trailing_bytes = 4096;  // that a vendor may send after its end mark
constexpr Millis max_trailing_time{5'000};
constexpr std::size_t max_leftovers = 64;  // of one model: ending or being drained

// What a failure of the HTTP client means to who asked for an answer.
Error as_answer_error(const Error& error) {
    if (error.code == Errc::timeout || error.code == Errc::limit) return error;
    if (error.code == Errc::invalid) return {Errc::rejected, "the request cannot be sent: " + error.detail};
    if (error.code == Errc::forbidden) return {Errc::rejected, error.detail};
    return {Errc::unavailable, error.detail};
}

DeadlineKind kind_of(http_client::DeadlineKind kind) {
    switch (kind) {
        case http_client::DeadlineKind::connect:
            return DeadlineKind::connect;
        case http_client::DeadlineKind::first_byte:
            return DeadlineKind::first_token;
        case http_client::DeadlineKind::silence:
            return DeadlineKind::silence;
        case http_client::DeadlineKind::total:
            return DeadlineKind::total;
    }
    return DeadlineKind::total;
}

}  // namespace

// Kept alive by its AnswerCall, by calls in progress, and by the list of leftovers.
//
// It ends for its reader before the exchange ends in two cases. After the end mark, the end of the body is
// waited for: cutting the exchange there would cost the connection, and the next answer a TLS handshake.
// After stop(), the rest is read for the vendor's count of tokens.
class HttpAnswer final : public http_client::ResponseSink,
                         private StreamDecoder::Text,
                         public std::enable_shared_from_this<HttpAnswer> {
public:
    HttpAnswer(http_client::Client& client, const HttpRules& rules, AnswerSink& sink,
               std::weak_ptr<Leftovers> leftovers)
        : client_(client), rules_(rules), sink_(&sink), leftovers_(std::move(leftovers)) {}

    void start(Exchange exchange) {
        decoder_ = std::move(exchange.decoder);
        on_not_found_ = std::move(exchange.on_not_found);
        call_ = client_.start(std::move(exchange.request), *this);
    }

    // The caller wants no more.
    void abandon() {
        sink_ = reading_details_ = nullptr;
        if (state_ == State::answering) end_exchange();
    }

    void stop(AnswerCall::OnUsage done) {
        if (state_ != State::answering || sink_ == nullptr) return done(decoder_->known().usage);
        sink_ = nullptr;
        on_usage_ = std::move(done);
        if (rules_.drain.time <= Millis(0) || rules_.drain.bytes == 0) return report_usage();
        state_ = State::draining;
        call_->tighten(rules_.drain.time, rules_.drain.bytes);
        keep_as_leftover();
    }

    // To make room for newer leftovers.
    void give_up() { state_ == State::draining ? report_usage() : end_exchange(); }

private:
    enum class State { answering, draining, ending, over };

    void on_status(int status, std::string_view) override { status_ = status; }
    void on_retry_after(Millis wait) override { details_.retry_after = wait; }
    void on_deadline(http_client::DeadlineKind kind, Millis limit) override {
        details_.deadline = kind_of(kind);
        details_.deadline_limit = limit;
    }

    void on_body(std::string_view bytes) override {
        const auto self = shared_from_this();
        if (state_ == State::ending) return skip(bytes);
        if (status_ == 404 && on_not_found_) return ask_instead();
        if (status_ != 200) return quote(bytes);
        if (auto end = decoder_->feed(bytes, *this)) end_with(without_secrets(std::move(*end)));
    }

    void on_done(Result<Nothing> result) override {
        const auto self = shared_from_this();
        done_ = true;
        if (state_ == State::draining) {
            if (result && status_ == 200) decoder_->finish(*this);
            return report_usage();
        }
        if (state_ == State::ending) return end_exchange();
        if (status_ == 404 && on_not_found_) return ask_instead();
        if (status_ != 0 && status_ != 200) return end_with(status_error());
        if (!result) return end_with(as_answer_error(result.error()));
        if (auto end = decoder_->finish(*this)) end_with(without_secrets(std::move(*end)));
    }

    bool on_text(std::string_view piece) override {
        if (state_ == State::draining) return true;
        sink_->on_delta(piece);
        // A stop() in there drains on with the same decoder; a destroyed call does not.
        return sink_ != nullptr || state_ == State::draining;
    }

    void quote(std::string_view bytes) {
        if (state_ == State::draining) return report_usage();
        const std::size_t room = max_quoted_bytes - quoted_.size();
        quoted_.append(bytes.substr(0, room));
        quote_was_cut_ = bytes.size() > room;
        if (quote_was_cut_) end_with(status_error());
    }

    void ask_instead() {
        if (state_ == State::draining) return report_usage();
        status_ = 0;
        details_ = {};
        done_ = false;
        start(std::exchange(on_not_found_, {})());
    }

    Error status_error() const {
        std::string detail = "status " + std::to_string(status_);
        if (details_.retry_after) detail += ", retry after " + base::format_duration(*details_.retry_after);
        const std::string text =
            quote_was_cut_ ? redact_cut(quoted_, rules_.secrets) : redact(quoted_, rules_.secrets);
        if (!text.empty()) detail += ": " + text;
        return {errc_of_status(status_), std::move(detail)};
    }

    void end_with(Result<AnswerEnd> end) {
        if (state_ == State::draining) return report_usage();
        if (end.has_value() && !done_) {
            state_ = State::ending;
            call_->tighten(max_trailing_time, max_trailing_bytes * 2);
            keep_as_leftover();
        } else {
            end_exchange();
        }
        AnswerSink* sink = std::exchange(sink_, nullptr);
        if (sink == nullptr) return;
        if (end.has_error()) {
            details_.status = status_ == 200 ? decoder_->error_status() : status_;
            details_.usage = decoder_->known().usage;
            const FailureDetails details = details_;
            // That call may have been the last that the sink wanted.
            reading_details_ = sink;
            sink->on_failure_details(details);
            if (std::exchange(reading_details_, nullptr) == nullptr) return;
        }
        sink->on_end(std::move(end));
    }

    // The decoder quotes the vendor's error objects as they are.
    Result<AnswerEnd> without_secrets(Result<AnswerEnd> end) const {
        if (end.has_value()) return end;
        const Error error = end.error();  // by value: Boost 1.81 returns a copy
        const std::string_view detail = error.detail;
        return Error{error.code, detail.size() <= max_quoted_bytes
                                     ? redact(detail, rules_.secrets)
                                     : redact_cut(detail.substr(0, max_quoted_bytes), rules_.secrets)};
    }

    void keep_as_leftover() {
        const auto leftovers = leftovers_.lock();
        if (!leftovers) return end_exchange();
        leftovers->push_back(shared_from_this());
        if (leftovers->size() <= max_leftovers) return;
        const auto oldest = leftovers->front();
        oldest->give_up();
    }

    void skip(std::string_view bytes) {
        trailing_bytes_ += bytes.size();
        if (trailing_bytes_ > max_trailing_bytes) end_exchange();
    }

    void report_usage() {
        end_exchange();
        if (auto done = std::exchange(on_usage_, {})) done(decoder_->known().usage);
    }

    void end_exchange() {
        state_ = State::over;
        call_.reset();
        const auto self = shared_from_this();
        if (const auto leftovers = leftovers_.lock()) leftovers->remove(self);
    }

    http_client::Client& client_;
    const HttpRules rules_;
    std::unique_ptr<StreamDecoder> decoder_;
    std::function<Exchange()> on_not_found_;
    AnswerSink* sink_;  // null once it wants no more or has heard the end
    AnswerSink* reading_details_ = nullptr;
    std::weak_ptr<Leftovers> leftovers_;
    std::unique_ptr<http_client::Call> call_;
    State state_ = State::answering;
    AnswerCall::OnUsage on_usage_;
    int status_ = 0;
    FailureDetails details_;
    std::string quoted_;
    bool quote_was_cut_ = false;
    bool done_ = false;
    std::size_t trailing_bytes_ = 0;
};

namespace {

class HttpAnswerCall final : public AnswerCall {
public:
    explicit HttpAnswerCall(std::shared_ptr<HttpAnswer> answer) : answer_(std::move(answer)) {}
    ~HttpAnswerCall() override { answer_->abandon(); }
    void stop(OnUsage done) override { answer_->stop(std::move(done)); }

private:
    std::shared_ptr<HttpAnswer> answer_;
};

}  // namespace

HttpProvider::HttpProvider(http_client::Client& client, HttpRules rules)
    : client_(client), rules_(std::move(rules)) {}

HttpProvider::~HttpProvider() = default;

std::unique_ptr<AnswerCall> HttpProvider::answer(Prompt prompt, AnswerSink& sink) {
    auto answer = std::make_shared<HttpAnswer>(client_, rules_, sink, leftovers_);
    answer->start(exchange_for(prompt));
    return std::make_unique<HttpAnswerCall>(std::move(answer));
}

}  // namespace chatbox::llm::vendor
