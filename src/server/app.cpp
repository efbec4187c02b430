#include "server/app.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <future>
#include <thread>

#include "auth/jwks/key_keeper.h"
#include "auth/token.h"
#include "chat/caretaker.h"
#include "chat/hub.h"
#include "chat/queries.h"
#include "http_client/http_client.h"
#include "llm/timers.h"
#include "models.h"
#include "net/server.h"
#include "ops/prometheus_metrics.h"
#include "store/sqlite/sqlite_store.h"

namespace chatbox::server {

namespace asio = boost::asio;

namespace {

// One network thread: its loop and what lives on it, in the order in which they may be built.
struct Shard {
    asio::io_context loop{1};  // run by one thread: no need for its locks to be contended
    std::unique_ptr<http_client::Client> http;
    std::unique_ptr<llm::Timers> timers;
    std::unique_ptr<chat::Hub> hub;
};

// Whoever allows many messages does not want them stopped as frames.
std::size_t frames_for(std::size_t setting, const Config& config) {
    const auto windows =
        std::max<std::size_t>(1, static_cast<std::size_t>(base::Millis(60'000) / config.limits.rate_window));
    return std::max(setting, 2 * config.limits.rate_limit * windows);
}

chat::Options chat_options(const Config& config) {
    chat::Options options;
    options.connections_per_user = config.limits.max_connections_per_user;
    options.messages_per_window = config.limits.rate_limit;
    options.message_window = config.limits.rate_window;
    options.reconnect_window = config.chat.reconnect_timeout;
    options.frames_of_connection.limit = frames_for(config.limits.frame_rate_limit, config);
    options.frames_of_user.limit = frames_for(config.limits.user_frame_rate_limit, config);
    options.pending_frames = config.limits.pending_frames;
    options.history_messages = config.chat.history_messages;
    options.history_bytes = config.chat.history_bytes;
    options.max_answer_bytes = config.chat.max_answer_bytes;
    options.checkpoint_interval = config.chat.checkpoint_interval;
    options.answer_deadline = config.llm.stream_timeout;
    options.system_prompt = config.chat.system_prompt;
    return options;
}

net::Options net_options(const Config& config) {
    net::Options options;
    options.host = config.server.host;
    options.port = config.server.port;
    options.prefix = config.server.path_prefix;
    options.allowed_origins = config.web.allowed_origins;
    options.allow_any_origin = config.development && config.web.allowed_origins.empty();
    options.frame_ancestors = config.web.frame_ancestors;
    options.max_connections = config.limits.max_connections;
    options.max_message_bytes = config.websocket.max_message_size;
    options.outbox_bytes = config.limits.outbox_bytes;
    options.ping_period = config.websocket.ping_period;
    options.pong_wait = config.websocket.pong_wait;
    options.write_wait = config.websocket.write_wait;
    options.http_read_timeout = config.http.read_timeout;
    options.http_idle_timeout = config.http.idle_timeout;
    options.http_max_body = config.http.max_body;
    options.tickets = {config.auth.ticket_lifetime, config.auth.tickets_per_user, config.auth.max_tickets};
    options.token_warning = config.auth.token_warning;
    options.http_write_timeout = config.http.write_timeout;
    options.max_http_connections = config.limits.max_http_connections;
    options.cors_origins = config.web.cors_allowed_origins;
    options.trusted_proxies = config.web.trusted_proxies;
    options.metrics_networks = config.web.metrics_allowed_networks;
    options.public_rate = {config.limits.public_rate_limit, config.limits.public_rate_window};
    options.user_rate = {config.limits.user_rate_limit, config.limits.user_rate_window};
    options.admin_rate = {config.limits.admin_rate_limit, config.limits.admin_rate_window};
    options.handshake_rate = {config.limits.handshake_rate_limit, config.limits.handshake_rate_window};
    options.bad_token_rate = {config.limits.bad_token_limit, config.limits.bad_token_window};
    options.limiter_purge_period = config.limits.rate_limit_cleanup_interval;
    return options;
}

auth::TokenRules token_rules(const Config::Auth& config) {
    auth::TokenRules rules;
    if (!config.jwt_secret.empty()) rules.secrets.push_back(config.jwt_secret);
    rules.secrets.insert(rules.secrets.end(), config.more_secrets.begin(), config.more_secrets.end());
    rules.issuers = config.issuers;
    rules.audiences = config.audiences;
    rules.leeway = config.leeway;
    return rules;
}

auth::jwks::Options key_options(const Config::Auth& config) {
    auth::jwks::Options options;
    options.url = config.jwks_url;
    options.file = config.jwks_file;
    options.period = config.jwks_refresh;
    options.interval = config.jwks_min_interval;
    options.timeout = config.jwks_timeout;
    options.max_bytes = config.jwks_max_size;
    return options;
}

// As many descriptors as we may have: a connection is one.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// Calls `start` with a reply and waits for it on `loop`, which outlives whoever replies: a thread that posts
// to a loop still touches it after what it posted has run.
template <class T, class Start>
base::Result<T> wait_for(asio::io_context& loop, Start start) {
    auto keep = asio::make_work_guard(loop);
    base::Result<T> result = base::Error{base::Errc::internal, "no answer"};
    start(store::Reply<T>{loop.get_executor(), [&](base::Result<T> answer) {
                              result = std::move(answer);
                              keep.reset();
                          }});
    loop.restart();
    loop.run();
    return result;
}

class App {
public:
    App(const Config& config, base::Log& log) : config_(config), log_(log) {}

    int run(const std::function<void(std::uint16_t)>& on_ready);

private:
    bool open_store();
    void build();
    // Where everything of this user lives.
    Shard& home_of(const model::UserId& user) { return *shards_[net::shard_of(user, shards_.size())]; }
    int serve(const std::function<void(std::uint16_t)>& on_ready);
    void announce(std::uint16_t port) const;
    void begin_shutdown(int signal);
    void hubs_are_done();
    void finish(int code);

    const Config& config_;
    base::Log& log_;
    base::SystemClock clock_;
    std::unique_ptr<base::Metrics> metrics_ = ops::make_prometheus_metrics();
    asio::io_context start_loop_;  // for what is asked of the store before the shards run
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<auth::TokenVerifier> verifier_;
    std::vector<std::unique_ptr<Shard>> shards_;
    std::unique_ptr<auth::jwks::KeyKeeper> keys_;  // on the first shard; null: no public keys
    std::unique_ptr<chat::Queries> queries_;
    std::unique_ptr<chat::Caretaker> caretaker_;
    std::unique_ptr<net::Server> server_;
    std::unique_ptr<asio::signal_set> signals_;
    std::unique_ptr<asio::steady_timer> deadline_;
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    int exit_code_ = exit_ok;  // of the main thread, as is stopping_
    bool stopping_ = false;
};

bool App::open_store() {
    store::sqlite::Options options;
    options.file = std::filesystem::path(config_.storage.data_dir) / "chatbox.db";
    try {
        store_ = store::sqlite::open_sqlite_store(options, log_);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "chatbox: CHATBOX_DATA_DIR: %s\n", error.what());
        return false;
    }
    // With one node every turn that still runs belongs to a process that is gone.
    const auto interrupted = wait_for<std::uint64_t>(start_loop_, [&](store::Reply<std::uint64_t> reply) {
        store_->interrupt_orphans(model::NodeId(), clock_.now(), std::move(reply));
    });
    if (!interrupted) {
        std::fprintf(stderr, "chatbox: CHATBOX_DATA_DIR: the database cannot be written: %s\n",
                     interrupted.error().detail.c_str());
        return false;
    }
    if (*interrupted > 0) {
        log_.warn("store", "answers that a stopped process had left were marked interrupted",
                  {{"count", *interrupted}});
    }
    return true;
}

void App::build() {
    const model::NodeId node(base::random_hex_id());
    const Breakers breakers = make_breakers(config_);
    std::vector<net::Shard> net_shards;
    for (std::size_t i = 0; i < config_.server.threads; ++i) {
        auto shard = std::make_unique<Shard>();
        shard->http = http_client::make_client(shard->loop.get_executor(), outbound_options(config_));
        shard->timers = llm::make_timers(shard->loop.get_executor());
        chat::HubParts parts{shard->loop.get_executor(), *store_,   clock_, log_, node, {},
                             chat_options(config_),      *metrics_, {}};
        parts.models =
            make_models(config_, breakers, {shard->loop.get_executor(), *shard->http, *shard->timers, log_});
        parts.hub_of = [this](const model::UserId& user) -> chat::Hub& { return *home_of(user).hub; };
        shard->hub = std::make_unique<chat::Hub>(std::move(parts));
        net_shards.push_back({shard->loop, *shard->hub});
        work_.emplace_back(shard->loop.get_executor());
        shards_.push_back(std::move(shard));
    }
    chat::Announcements announce;
    announce.ended = [this](const model::Session& ended) {
        Shard& home = home_of(ended.user);
        asio::post(home.loop, [&home, id = ended.id] { home.hub->session_ended(id); });
    };
    announce.control_changed = [this](const model::Session& session, const model::Event& event) {
        Shard& home = home_of(session.user);
        asio::post(home.loop, [&home, session, event] { home.hub->control_changed(session, event); });
    };
    queries_ = std::make_unique<chat::Queries>(*store_, clock_, std::move(announce), *metrics_);
    chat::CaretakerParts care{
        shards_.front()->loop.get_executor(), *store_, clock_, log_, {}, config_.chat.reconnect_timeout,
        config_.chat.session_cleanup_interval};
    for (auto& shard : shards_) care.hubs.push_back(shard->hub.get());
    caretaker_ = std::make_unique<chat::Caretaker>(std::move(care));
    if (config_.auth.has_public_keys()) {
        Shard& home = *shards_.front();
        keys_ = auth::jwks::make_key_keeper(key_options(config_.auth), home.loop.get_executor(), *home.http,
                                            clock_, log_);
        asio::post(home.loop, [this] { keys_->start(); });
    }
    verifier_ = auth::make_verifier(token_rules(config_.auth), keys_.get());
    server_ = net::make_server(net_options(config_), {config_.llm.providers.size(), CHATBOX_VERSION},
                               std::move(net_shards), *verifier_, *queries_, clock_, log_, *metrics_);
}

void App::announce(std::uint16_t port) const {
    const bool v6 = config_.server.host.find(':') != std::string::npos;
    std::printf("listening on http://%s%s%s:%u%s/\n", v6 ? "[" : "", config_.server.host.c_str(),
                v6 ? "]" : "", static_cast<unsigned>(port), config_.server.path_prefix.c_str());
    std::fflush(stdout);
}

int App::run(const std::function<void(std::uint16_t)>& on_ready) {
    raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a write that fails, not the end
    if (!open_store()) return exit_failure;
    build();
    return serve(on_ready);
}

int App::serve(const std::function<void(std::uint16_t)>& on_ready) {
    asio::io_context& main_loop = shards_.front()->loop;
    signals_ = std::make_unique<asio::signal_set>(main_loop, SIGTERM, SIGINT);
    deadline_ = std::make_unique<asio::steady_timer>(main_loop);
    const auto port = server_->listen();
    if (!port) {
        std::fprintf(stderr, "%s\n", listen_failure(config_, port.error().detail).c_str());
        return exit_cannot_listen;
    }
    signals_->async_wait([this](boost::system::error_code ec, int signal) {
        if (!ec) begin_shutdown(signal);
    });
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < shards_.size(); ++i) {
        threads.emplace_back([this, i] { shards_[i]->loop.run(); });
    }
    asio::post(main_loop, [this] { caretaker_->start(); });
    announce(*port);
    if (on_ready) on_ready(*port);
    main_loop.run();
    for (auto& thread : threads) thread.join();
    // The store commits what it has taken and delivers its last replies while the loops still exist.
    store_.reset();
    const int code = exit_code_;
    if (code != exit_ok) {
        // The deadline passed: what is left on the loops is abandoned.
        std::fflush(nullptr);
        std::_Exit(code);
    }
    return code;
}

// Readiness off, running answers stored, clients told, everything under one deadline. A second signal ends it
// now.
void App::begin_shutdown(int signal) {
    if (stopping_) return finish(exit_failure);
    stopping_ = true;
    log_.info("server", "shutting down", {{"signal", signal}});
    server_->begin_draining();
    if (keys_) keys_->stop();  // nobody waits for a key any more
    caretaker_->stop();
    signals_->async_wait([this](boost::system::error_code ec, int again) {
        if (!ec) begin_shutdown(again);
    });
    deadline_->expires_after(config_.server.shutdown_timeout);
    deadline_->async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        log_.error("server", "the shutdown deadline passed");
        finish(exit_failure);
    });
    auto left = std::make_shared<std::atomic<std::size_t>>(shards_.size());
    for (auto& shard : shards_) {
        Shard* each = shard.get();
        asio::post(each->loop, [this, each, left] {
            each->hub->shutdown([this, left] {
                if (left->fetch_sub(1) == 1) hubs_are_done();
            });
        });
    }
}

void App::hubs_are_done() {
    // Clients that do not answer a close are cut off in time for the rest to end in order.
    constexpr base::Millis enough{3000};
    server_->stop(std::min(enough, config_.server.shutdown_timeout / 2), [this] { finish(exit_ok); });
}

void App::finish(int code) {
    asio::post(shards_.front()->loop, [this, code] {
        if (code != exit_ok) exit_code_ = code;
        work_.clear();
        for (auto& shard : shards_) shard->loop.stop();
    });
}

}  // namespace

int run_server(const Config& config, base::Log& log, std::function<void(std::uint16_t port)> on_ready) {
    App app(config, log);
    return app.run(on_ready);
}

}  // namespace chatbox::server
