#include "auth/jwks/key_keeper.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "auth/jwks/refresh_plan.h"

namespace chatbox::auth::jwks {

namespace asio = boost::asio;

namespace {

base::Error wrong(std::string why) {
    return {base::Errc::invalid, std::move(why)};
}

// One exchange with the key server: the text of the set, or why there is none.
class Fetch final : public http_client::ResponseSink {
public:
    using Done = std::function<void(base::Result<std::string>)>;

    Fetch(const Options& options, http_client::Client& http, Done done) : done_(std::move(done)) {
        http_client::Request request;
        request.url = options.url;
        request.headers = {{"Accept", "application/json, application/jwk-set+json"}};
        request.deadlines = {options.timeout, options.timeout, options.timeout, options.timeout};
        request.max_body_bytes = options.max_bytes;
        call_ = http.start(std::move(request), *this);
    }

private:
    void on_status(int status, std::string_view) override { status_ = status; }
    void on_body(std::string_view bytes) override { body_ += bytes; }
    void on_done(base::Result<base::Nothing> result) override {
        base::Result<std::string> answer = std::move(body_);
        if (!result) {
            answer = result.error();
        } else if (status_ != 200) {
            answer = base::Error{base::Errc::unavailable, "status " + std::to_string(status_)};
        }
        const Done done = std::move(done_);
        done(std::move(answer));  // destroys this
    }

    Done done_;
    int status_ = 0;
    std::string body_;
    std::unique_ptr<http_client::Call> call_;
};

class Keeper final : public KeyKeeper {
public:
    Keeper(Options options, asio::any_io_executor loop, http_client::Client& http, const base::Clock& clock,
           base::Log& log)
        : options_(std::move(options)),
          loop_(loop),
          http_(http),
          clock_(clock),
          log_(log),
          plan_(options_.period, options_.interval),
          timer_(loop) {}

    Keys keys() const override {
        const std::lock_guard lock(mutex_);
        return keys_;
    }

    void renew(Wake wake) override {
        asio::post(loop_, [this, wake = std::move(wake)]() mutable { renew_here(std::move(wake)); });
    }

    void start() override { begin(); }

    void stop() override {
        stopped_ = true;
        timer_.cancel();
        fetch_.reset();
        wake_all();
    }

private:
    void renew_here(Wake wake) {
        const bool worth_waiting =
            !stopped_ && waiting_.size() < options_.max_waiting && plan_.wants(clock_.steady());
        if (!worth_waiting) {
            if (!stopped_ && !plan_.running()) wait();  // it may be due earlier now
            return asio::post(wake.on, std::move(wake.call));
        }
        waiting_.push_back(std::move(wake));
        if (!plan_.running()) begin();
    }

    void begin() {
        plan_.began(clock_.steady());
        if (!options_.file.empty()) {
            auto read = read_file(options_.file, options_.max_bytes);
            file_.take("CHATBOX_JWKS_FILE", std::move(read), log_);
        }
        if (options_.url.empty()) return end(file_.failed);
        fetch_ = std::make_unique<Fetch>(options_, http_, [this](base::Result<std::string> text) {
            const auto finished = std::move(fetch_);
            base::Result<ReadKeys> read = text ? read_key_set(*text) : base::Result<ReadKeys>(text.error());
            url_.take("CHATBOX_JWKS_URL", std::move(read), log_);
            end(url_.failed || file_.failed);
        });
    }

    void end(bool failed) {
        plan_.ended(clock_.steady(), failed ? RefreshPlan::Outcome::failure : RefreshPlan::Outcome::success);
        auto all = std::make_shared<KeySet>(url_.keys);
        all->insert(all->end(), file_.keys.begin(), file_.keys.end());
        {
            const std::lock_guard lock(mutex_);
            keys_ = std::move(all);
        }
        wake_all();
        wait();
    }

    void wake_all() {
        for (Wake& wake : std::exchange(waiting_, {})) asio::post(wake.on, std::move(wake.call));
    }

    // Until the next fetch is due.
    void wait() {
        timer_.expires_after(std::max(base::Instant::duration(0), plan_.due() - clock_.steady()));
        timer_.async_wait([this](boost::system::error_code ec) {
            if (ec || stopped_) return;
            if (plan_.is_due(clock_.steady())) begin();
        });
    }

    // What one source gave when it last could be read.
    struct Source {
        KeySet keys;
        bool failed = false;

        void take(std::string_view setting, base::Result<ReadKeys> read, base::Log& log) {
            if (!read) {
                // Said once; while it lasts only those who look for it want to know.
                const auto level = failed ? base::LogLevel::debug : base::LogLevel::warn;
                if (log.enabled(level)) {
                    log.write(level, "auth", "public keys cannot be read; the ones known before stay in use",
                              {{"setting", setting}, {"cause", read.error().detail}, {"keys", keys.size()}});
                }
                failed = true;
                return;
            }
            if (failed) log.info("auth", "public keys can be read again", {{"setting", setting}});
            failed = false;
            if (ids_of(keys) != ids_of(read->keys)) {
                log.info("auth", "public keys changed", {{"setting", setting}, {"keys", read->keys.size()}});
                for (const std::string& why : read->skipped)
                    log.warn("auth", "a public key is not used", {{"setting", setting}, {"cause", why}});
            }
            keys = std::move(read->keys);
        }

        static std::vector<std::string> ids_of(const KeySet& set) {
            std::vector<std::string> ids;
            for (const auto& key : set) ids.push_back(key->id());
            return ids;
        }
    };

    const Options options_;
    const asio::any_io_executor loop_;
    http_client::Client& http_;
    const base::Clock& clock_;
    base::Log& log_;
    RefreshPlan plan_;
    Source url_, file_;
    std::vector<Wake> waiting_;
    std::unique_ptr<Fetch> fetch_;
    asio::steady_timer timer_;
    bool stopped_ = false;
    mutable std::mutex mutex_;  // of keys_, which every thread reads
    Keys keys_ = std::make_shared<const KeySet>();
};

}  // namespace

base::Result<ReadKeys> read_file(const std::string& file, std::size_t max_bytes) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) return wrong("it is not there, or not a file");
    std::ifstream in(file, std::ios::binary);
    if (!in) return wrong("it cannot be opened");
    std::string text(max_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || in.gcount() == 0) return wrong("it cannot be read, or is empty");
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_bytes) return wrong("it has more than " + std::to_string(max_bytes) + " bytes");
    return read_key_set(text);
}

std::unique_ptr<KeyKeeper> make_key_keeper(Options options, asio::any_io_executor loop,
                                           http_client::Client& http, const base::Clock& clock,
                                           base::Log& log) {
    return std::make_unique<Keeper>(std::move(options), std::move(loop), http, clock, log);
}

}  // namespace chatbox::auth::jwks
