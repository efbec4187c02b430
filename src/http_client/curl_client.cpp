#include "curl_client.h"

#include <stdexcept>
#include <utility>

#include <boost/asio/post.hpp>

namespace chatbox::http_client {

using base::Errc;
using base::Error;
using base::Instant;
using base::Nothing;
using base::Result;

namespace {

class TransferCall final : public Call {
public:
    explicit TransferCall(std::shared_ptr<Transfer> transfer) : transfer_(std::move(transfer)) {}
    ~TransferCall() override { transfer_->abandon(); }
    void tighten(base::Millis time, std::size_t bytes) override { transfer_->tighten(time, bytes); }

private:
    std::shared_ptr<Transfer> transfer_;
};

// curl wants to be set up once per process, and that may happen on several threads at a time. It is never
// torn down: another user of curl in the process would lose it too.
void set_curl_up() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        throw std::runtime_error(std::string("curl_global_init: ") + curl_easy_strerror(code));
}

}  // namespace

CurlClient::CurlClient(boost::asio::any_io_executor loop, CurlOptions options)
    : loop_(std::move(loop)),
      options_(std::move(options)),
      timer_(loop_),
      alive_(std::make_shared<CurlClient*>(this)) {
    set_curl_up();
    multi_.reset(curl_multi_init());
    if (!multi_) throw std::runtime_error("curl_multi_init failed");
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlClient::socket_callback);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlClient::timer_callback);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, options_.max_kept_connections);
}

// curl closes its sockets while `multi_` goes, and its callbacks still come to this object meanwhile.
CurlClient::~CurlClient() {
    while (!transfers_.empty()) {
        const std::shared_ptr<Transfer> transfer = transfers_.begin()->second;
        forget(*transfer);
    }
    multi_.reset();
    for (const auto& [socket, watch] : watches_) watch->release();
    *alive_ = nullptr;
}

std::unique_ptr<Call> CurlClient::start(Request request, ResponseSink& sink) {
    auto transfer =
        std::make_shared<Transfer>(loop_, static_cast<TransferHost&>(*this), std::move(request), sink);
    transfers_.emplace(transfer.get(), transfer);
    if (auto ready = transfer->prepare(options_.ca_file, options_.route); !ready) {
        fail_later(transfer, ready.error());
    } else {
        transfer->start_deadlines();
        if (inside_curl_)
            started_.push_back(transfer);
        else
            add(*transfer);
    }
    return std::make_unique<TransferCall>(std::move(transfer));
}

void CurlClient::add(Transfer& transfer) {
    const CURLMcode code = curl_multi_add_handle(multi_.get(), transfer.easy());
    if (code != CURLM_OK)
        fail_later(transfer.shared_from_this(), Error{Errc::internal, curl_multi_strerror(code)});
}

// No sink is called from inside start().
void CurlClient::fail_later(std::shared_ptr<Transfer> transfer, Error error) {
    boost::asio::post(loop_,
                      [transfer = std::move(transfer), error = std::move(error)] { transfer->fail(error); });
}

void CurlClient::end(Transfer& transfer, Result<Nothing> result) {
    ResponseSink* sink = forget(transfer);
    if (sink == nullptr) return;
    transfer.report_deadline(*sink);
    if (transfer.is_heard()) sink->on_done(std::move(result));
}

void CurlClient::drop(Transfer& transfer) {
    if (inside_curl_)
        dropped_.push_back(transfer.shared_from_this());
    else
        forget(transfer);
}

// Takes the transfer out of curl, which closes its connection if the answer was not complete, and gives up
// our share of it: the caller holds another one. The sink to tell, if any.
ResponseSink* CurlClient::forget(Transfer& transfer) {
    const auto found = transfers_.find(&transfer);
    if (found == transfers_.end()) return nullptr;
    const std::shared_ptr<Transfer> kept = std::move(found->second);
    transfers_.erase(found);
    curl_multi_remove_handle(multi_.get(), transfer.easy());
    return transfer.detach();
}

void CurlClient::on_ready(curl_socket_t socket, int events) {
    act(socket, events);
}

void CurlClient::act(curl_socket_t socket, int events) {
    int running = 0;
    inside_curl_ = true;
    curl_multi_socket_action(multi_.get(), socket, events, &running);
    inside_curl_ = false;
    settle();
}

// Does what could not be done inside curl. Finished transfers go first: they give back connections that a new
// one can use.
void CurlClient::settle() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        Transfer* transfer = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        const std::shared_ptr<Transfer> kept = transfer->shared_from_this();
        end(*kept, kept->result(message->data.result));
    }
    for (const auto& transfer : std::exchange(dropped_, {})) forget(*transfer);
    for (const auto& transfer : std::exchange(started_, {}))
        if (transfers_.contains(transfer.get())) add(*transfer);
}

int CurlClient::socket_callback(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
    return static_cast<CurlClient*>(self)->watch(socket, what) ? 0 : -1;
}

int CurlClient::timer_callback(CURLM*, long timeout_ms, void* self) noexcept {
    static_cast<CurlClient*>(self)->set_timer(timeout_ms);
    return 0;
}

// curl announces CURL_POLL_REMOVE before it closes a socket, so a number that comes again is a new socket.
bool CurlClient::watch(curl_socket_t socket, int what) {
    auto found = watches_.find(socket);
    if (what == CURL_POLL_REMOVE) {
        if (found == watches_.end()) return true;
        found->second->release();
        watches_.erase(found);
        return true;
    }
    if (found == watches_.end()) {
        auto watch = std::make_shared<SocketWatch>(loop_, static_cast<SocketWatch::Listener&>(*this));
        if (!watch->open(socket)) return false;
        found = watches_.emplace(socket, std::move(watch)).first;
    }
    return found->second->want(what);
}

void CurlClient::set_timer(long timeout_ms) {
    timer_due_ =
        timeout_ms < 0 ? Instant::max() : std::chrono::steady_clock::now() + base::Millis(timeout_ms);
    arm_timer();
}

// A time that moves away is not set: the timer fires at the old one and is set anew then.
void CurlClient::arm_timer() {
    if (timer_due_ >= timer_armed_) return;
    timer_armed_ = timer_due_;
    timer_.expires_at(timer_due_);
    timer_.async_wait([alive = alive_](boost::system::error_code ec) {
        if (!ec && *alive != nullptr) (*alive)->on_timer();
    });
}

void CurlClient::on_timer() {
    timer_armed_ = Instant::max();
    if (timer_due_ > std::chrono::steady_clock::now()) return arm_timer();
    timer_due_ = Instant::max();
    act(CURL_SOCKET_TIMEOUT, 0);
}

std::unique_ptr<Client> make_client(boost::asio::any_io_executor loop, Options options) {
    return std::make_unique<CurlClient>(std::move(loop), CurlOptions{.route = std::move(options)});
}

}  // namespace chatbox::http_client
