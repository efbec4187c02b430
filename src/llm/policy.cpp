#include "llm/policy.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace chatbox::llm {

using base::Errc;
using base::Error;
using base::Instant;
using base::Millis;
using base::Result;

std::string_view to_string(DeadlineKind kind) {
    switch (kind) {
        case DeadlineKind::connect:
            return "connect";
        case DeadlineKind::first_token:
            return "first token";
        case DeadlineKind::silence:
            return "silence";
        case DeadlineKind::total:
            return "total";
    }
    return "";
}

namespace {

Millis since(Instant from, Instant now) {
    return std::chrono::duration_cast<Millis>(now - from);
}

Breaker::Outcome outcome_of(const Error& error, const FailureDetails& details) {
    constexpr int too_many_requests = 429;
    if (error.code == Errc::timeout) return Breaker::Outcome::bad;
    if (error.code == Errc::unavailable)
        return details.status == too_many_requests ? Breaker::Outcome::unknown : Breaker::Outcome::bad;
    return error.code == Errc::rejected && details.status != 0 ? Breaker::Outcome::good
                                                               : Breaker::Outcome::unknown;
}

bool may_pass_by_itself(const Error& error, const FailureDetails& details) {
    if (error.code == Errc::unavailable) return true;
    return error.code == Errc::timeout && details.deadline == DeadlineKind::connect;
}

// One answer, from attempt to attempt.
class PolicyAnswer final : public AnswerSink, public std::enable_shared_from_this<PolicyAnswer> {
public:
    PolicyAnswer(std::shared_ptr<const PolicyParts> parts, Prompt prompt, AnswerSink& sink)
        : parts_(std::move(parts)),
          prompt_(std::move(prompt)),
          sink_(&sink),
          started_(parts_->timers.now()) {}

    void start() {
        arm();
        begin_attempt();
    }

    void abandon() {
        sink_ = reading_details_ = nullptr;
        give_permit_back(Breaker::Outcome::unknown);
        end_waits();
        call_.reset();
    }

    void stop(AnswerCall::OnUsage done) {
        sink_ = reading_details_ = nullptr;
        const bool asking = attempting_ || begun_;  // else it waits, and the call is one that failed
        give_permit_back(Breaker::Outcome::unknown);
        end_waits();
        const auto call = std::exchange(call_, nullptr);
        if (call && asking) return call->stop(std::move(done));
        done({});
    }

private:
    const Candidate& candidate() const { return parts_->candidates[candidate_]; }
    Instant now() const { return parts_->timers.now(); }

    // --- attempts ---

    void begin_attempt() {
        ++attempt_;
        asked_ = now();
        permit_ = candidate().breaker ? candidate().breaker->ask(asked_) : Breaker::Permit{};
        if (candidate().breaker && !permit_.granted) return refuse_attempt();
        details_ = {};
        attempting_ = true;
        arm();
        call_ = candidate().provider->answer(prompt_, *this);
    }

    void refuse_attempt() {
        details_ = {};
        Error error{Errc::unavailable, "the circuit breaker of the endpoint of " + candidate().id +
                                           " is open after repeated failures"};
        // Not from inside start(), and the stack does not grow with the number of models.
        wait_timer_ = parts_->timers.at(now(), [self = weak_from_this(), error = std::move(error)] {
            if (const auto answer = self.lock()) answer->attempt_failed(error, false);
        });
    }

    void attempt_failed(const Error& error, bool sent) {
        attempting_ = false;
        if (sent) give_permit_back(outcome_of(error, details_));
        Attempt attempt;
        attempt.model = candidate().id;
        attempt.number = attempt_;
        attempt.sent = sent;
        attempt.failed = true;
        attempt.error = error;
        attempt.details = details_;
        attempt.took = since(asked_, now());
        const auto wait = sent ? wait_before_retry(error) : std::nullopt;
        if (wait) {
            attempt.wait = *wait;
            report(attempt);
            return retry_after(*wait);
        }
        const bool another = candidate_ + 1 < parts_->candidates.size();
        if (another) attempt.next_model = parts_->candidates[candidate_ + 1].id;
        report(attempt);
        if (!another) return end_with(error);
        ++candidate_;
        attempt_ = 0;
        // The failed call is on the stack: it goes when the next one is under way.
        retry_after(Millis(0));
    }

    // How long to wait before the same model is asked again; empty: it is not.
    std::optional<Millis> wait_before_retry(const Error& error) const {
        const RetryRules& rules = parts_->retry;
        if (attempt_ >= rules.attempts || !may_pass_by_itself(error, details_)) return std::nullopt;
        Millis wait = rules.first_wait;
        for (std::size_t i = 1; i < attempt_ && wait < rules.max_wait; ++i) wait *= 2;
        wait = std::min(wait, rules.max_wait);
        const double spread = 0.75 + 0.5 * parts_->random();
        wait = Millis(static_cast<Millis::rep>(static_cast<double>(wait.count()) * spread));
        if (details_.retry_after) {
            if (*details_.retry_after > rules.max_retry_after) return std::nullopt;
            wait = std::max(wait, *details_.retry_after);
        }
        const Millis total = parts_->deadlines.total;
        if (total > Millis(0) && now() + wait >= started_ + total) return std::nullopt;
        return wait;
    }

    void retry_after(Millis wait) {
        wait_timer_ = parts_->timers.at(now() + wait, [self = weak_from_this()] {
            const auto answer = self.lock();
            if (!answer) return;
            answer->call_.reset();
            answer->begin_attempt();
        });
    }

    void give_permit_back(Breaker::Outcome outcome) {
        const Breaker::Permit permit = std::exchange(permit_, {});
        if (permit.granted) candidate().breaker->report(permit, outcome, now());
    }

    void report(const Attempt& attempt) const {
        if (parts_->on_attempt) parts_->on_attempt(attempt);
    }

    // --- what the model says ---

    void on_delta(std::string_view text) override {
        last_text_ = now();
        if (!begun_) begin_answer();
        const auto self = shared_from_this();
        sink_->on_delta(text);
    }

    void begin_answer() {
        begun_ = true;
        give_permit_back(Breaker::Outcome::good);
        report_success();
        arm();
    }

    void report_success() const {
        Attempt attempt;
        attempt.model = candidate().id;
        attempt.number = attempt_;
        attempt.took = since(asked_, now());
        report(attempt);
    }

    void on_failure_details(const FailureDetails& details) override { details_ = details; }

    void on_end(Result<AnswerEnd> end) override {
        const auto self = shared_from_this();
        if (end.has_error()) {
            const Error error = end.error();
            return begun_ ? end_with(error) : attempt_failed(error, true);
        }
        if (!begun_) {  // an empty answer is one
            give_permit_back(Breaker::Outcome::good);
            report_success();
        }
        end_waits();
        if (end->answered_by.empty()) end->answered_by = candidate().id;
        std::exchange(sink_, nullptr)->on_end(std::move(end));
    }

    void end_with(Error error) {
        const auto self = shared_from_this();
        end_waits();
        AnswerSink* sink = std::exchange(sink_, nullptr);
        if (details_.answered_by.empty()) details_.answered_by = candidate().id;
        reading_details_ = sink;
        sink->on_failure_details(details_);
        // That call may have been the last that the sink wanted.
        if (std::exchange(reading_details_, nullptr) == nullptr) return;
        sink->on_end(std::move(error));
    }

    // --- deadlines ---

    struct Due {
        Instant at = Instant::max();
        DeadlineKind kind = DeadlineKind::total;
        Millis limit{0};
    };

    Due next_due() const {
        Due due;
        const auto consider = [&](Instant from, Millis limit, DeadlineKind kind) {
            if (limit > Millis(0) && from + limit < due.at) due = {from + limit, kind, limit};
        };
        const PolicyDeadlines& limits = parts_->deadlines;
        const bool streams = candidate().streams && prompt_.delivery == Delivery::as_it_comes;
        if (attempting_ && !begun_ && streams)
            consider(asked_, limits.first_token, DeadlineKind::first_token);
        if (begun_) consider(last_text_, limits.silence, DeadlineKind::silence);
        consider(started_, limits.total, DeadlineKind::total);
        return due;
    }

    // A deadline that moves away, as silence does with each piece of text, is left alone: the timer fires at
    // the old time, finds nothing due and is set anew. So a token costs no timer.
    void arm() {
        const Instant due = next_due().at;
        if (due >= armed_for_) return;
        armed_for_ = due;
        deadline_timer_ = parts_->timers.at(due, [self = weak_from_this()] {
            if (const auto answer = self.lock()) answer->on_deadline_timer();
        });
    }

    void on_deadline_timer() {
        armed_for_ = Instant::max();
        if (sink_ == nullptr) return;
        const Due due = next_due();
        if (due.at > now()) return arm();
        details_.deadline = due.kind;
        details_.deadline_limit = due.limit;
        Error error{Errc::timeout, std::string(to_string(due.kind)) + " deadline of " +
                                       base::format_duration(due.limit) + " passed"};
        call_.reset();
        arm_after(due);
        if (due.kind == DeadlineKind::first_token) return attempt_failed(error, true);
        if (attempting_) give_permit_back(Breaker::Outcome::bad);
        end_with(std::move(error));
    }

    // The deadline for all goes on when that of one attempt has passed.
    void arm_after(const Due& due) {
        if (due.kind != DeadlineKind::first_token) return;
        attempting_ = false;
        arm();
    }

    void end_waits() {
        attempting_ = false;
        wait_timer_.reset();
        deadline_timer_.reset();
    }

    const std::shared_ptr<const PolicyParts> parts_;
    const Prompt prompt_;
    AnswerSink* sink_;  // null once it wants no more or has heard the end
    AnswerSink* reading_details_ = nullptr;
    std::size_t candidate_ = 0;
    std::size_t attempt_ = 0;  // of that candidate
    Breaker::Permit permit_;
    std::unique_ptr<AnswerCall> call_;
    FailureDetails details_;  // of the latest failure
    bool attempting_ = false;
    bool begun_ = false;  // text has come
    Instant started_;
    Instant asked_{};
    Instant last_text_{};
    Instant armed_for_ = Instant::max();
    std::unique_ptr<Timer> deadline_timer_;
    std::unique_ptr<Timer> wait_timer_;
};

class PolicyCall final : public AnswerCall {
public:
    explicit PolicyCall(std::shared_ptr<PolicyAnswer> answer) : answer_(std::move(answer)) {}
    ~PolicyCall() override { answer_->abandon(); }
    void stop(OnUsage done) override { answer_->stop(std::move(done)); }

private:
    std::shared_ptr<PolicyAnswer> answer_;
};

class PolicyProvider final : public Provider {
public:
    explicit PolicyProvider(PolicyParts parts) : parts_(std::make_shared<PolicyParts>(std::move(parts))) {}

    std::unique_ptr<AnswerCall> answer(Prompt prompt, AnswerSink& sink) override {
        auto answer = std::make_shared<PolicyAnswer>(parts_, std::move(prompt), sink);
        answer->start();
        return std::make_unique<PolicyCall>(std::move(answer));
    }

private:
    std::shared_ptr<const PolicyParts> parts_;
};

}  // namespace

std::unique_ptr<Provider> make_policy_provider(PolicyParts parts) {
    if (parts.candidates.empty()) throw std::invalid_argument("a policy needs a model");
    return std::make_unique<PolicyProvider>(std::move(parts));
}

}  // namespace chatbox::llm
