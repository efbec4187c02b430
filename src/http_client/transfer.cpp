#include "transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>

#include "addresses.h"

namespace chatbox::http_client {

using base::Errc;
using base::Error;
using base::Instant;
using base::Millis;
using base::Nothing;
using base::Result;

namespace {

constexpr std::size_t max_header_bytes = 256 * 1024;  // of all headers of one answer
constexpr long keepalive_idle_seconds = 30;
constexpr long keepalive_interval_seconds = 15;
constexpr auto max_retry_after = std::chrono::hours(24 * 30);

// curl's callbacks. Returning less than was offered makes curl stop.
std::size_t header_callback(char* bytes, std::size_t one, std::size_t count, void* self) noexcept {
    const std::size_t size = one * count;
    return static_cast<Transfer*>(self)->on_header({bytes, size}) ? size : CURL_WRITEFUNC_ERROR;
}

std::size_t body_callback(char* bytes, std::size_t one, std::size_t count, void* self) noexcept {
    const std::size_t size = one * count;
    return static_cast<Transfer*>(self)->on_body({bytes, size}) ? size : CURL_WRITEFUNC_ERROR;
}

int connected_callback(void* self, char*, char*, int, int) noexcept {
    static_cast<Transfer*>(self)->on_connected();
    return CURL_PREREQFUNC_OK;
}

curl_socket_t open_socket_callback(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    if (!static_cast<Transfer*>(self)->may_connect_to(address->addr)) return CURL_SOCKET_BAD;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

const char* name_of(DeadlineKind kind) {
    switch (kind) {
        case DeadlineKind::connect:
            return "connect";
        case DeadlineKind::first_byte:
            return "first byte";
        case DeadlineKind::silence:
            return "silence";
        case DeadlineKind::total:
            return "total";
    }
    return "";
}

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// One part of a URL, lower case; empty if it has none or is no URL.
std::string part_of(const std::string& text, CURLUPart part) {
    const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
    char* value = nullptr;
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
    if (curl_url_get(url.get(), part, &value, CURLU_URLDECODE) != CURLUE_OK) return {};
    std::string out(value);
    curl_free(value);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (out.size() > 1 && out.front() == '[') out = out.substr(1, out.size() - 2);
    while (part == CURLUPART_HOST && out.size() > 1 && out.ends_with('.')) out.pop_back();
    return out;
}

bool is_token(std::string_view name) {
    static constexpr std::string_view others = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2
    const auto good = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               others.find(c) != others.npos;
    };
    return !name.empty() && std::all_of(name.begin(), name.end(), good);
}

bool is_header_value(std::string_view value) {
    return value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

// RFC 9110, 10.2.3: seconds, or a date.
std::optional<Millis> parse_retry_after(const char* value) {
    const std::string_view text(value);
    std::uint32_t seconds = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (ec == std::errc() && end == text.data() + text.size())
        return std::min<Millis>(std::chrono::seconds(seconds), max_retry_after);
    const std::time_t date = curl_getdate(value, nullptr);
    if (date < 0) return std::nullopt;
    const auto wait = std::chrono::seconds(date - std::time(nullptr));
    return std::clamp<Millis>(wait, Millis(0), max_retry_after);
}

Errc errc_of(CURLcode code) {
    switch (code) {
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return Errc::invalid;
        case CURLE_OPERATION_TIMEDOUT:
            return Errc::timeout;
        case CURLE_OUT_OF_MEMORY:
        case CURLE_BAD_FUNCTION_ARGUMENT:
            return Errc::internal;
        default:
            return Errc::unavailable;
    }
}

}  // namespace

Transfer::Transfer(const boost::asio::any_io_executor& loop, TransferHost& host, Request request,
                   ResponseSink& sink)
    : host_(&host), sink_(&sink), request_(std::move(request)), timer_(loop) {}

Transfer::~Transfer() = default;

template <class Value>
void Transfer::set(CURLoption option, Value value) {
    if (curl_easy_setopt(easy(), option, value) != CURLE_OK) set_failed_ = true;
}

Result<Nothing> Transfer::prepare(const std::string& ca_file, const Options& options) {
    if (!is_token(request_.method)) return Error{Errc::invalid, "the method is not a token"};
    easy_.reset(curl_easy_init());
    if (!easy_) return Error{Errc::internal, "curl_easy_init failed"};
    error_text_.assign(CURL_ERROR_SIZE, '\0');
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_PRIVATE, this);
    set(CURLOPT_URL, request_.url.c_str());
    set_method();
    if (auto headers = set_headers(); !headers) return headers;
    set_transport(ca_file);
    set_route(options);
    set(CURLOPT_HEADERFUNCTION, &header_callback);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &body_callback);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_PREREQFUNCTION, &connected_callback);
    set(CURLOPT_PREREQDATA, this);
    if (set_failed_) return Error{Errc::internal, "curl refused an option"};
    return Nothing{};
}

void Transfer::set_method() {
    const std::string& method = request_.method;
    const bool body_expected = method == "POST" || method == "PUT" || method == "PATCH";
    if (method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    } else if (body_expected || !request_.body.empty()) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDS, request_.body.data());  // not copied
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        if (method != "POST") set(CURLOPT_CUSTOMREQUEST, method.c_str());
    } else if (method != "GET") {
        set(CURLOPT_CUSTOMREQUEST, method.c_str());
    }
}

bool Transfer::add_header(const std::string& line) {
    curl_slist* list = curl_slist_append(headers_.get(), line.c_str());
    if (!headers_) headers_.reset(list);  // the later ones are appended to the same list
    return list != nullptr;
}

Result<Nothing> Transfer::set_headers() {
    bool has_content_type = false;
    bool added = true;
    for (const auto& [name, value] : request_.headers) {
        if (!is_token(name) || !is_header_value(value))
            return Error{Errc::invalid, "a header has a bad name or holds a line break"};
        has_content_type = has_content_type || same_ignoring_case(name, "Content-Type");
        // curl takes "Name:" as "leave this header out", and "Name;" as a header without a value.
        std::string line = name;
        line.append(value.empty() ? ";" : ": ").append(value);
        added = added && add_header(line);
    }
    if (!has_content_type) added = added && add_header("Content-Type:");  // else curl claims a form
    added = added && add_header("Expect:");  // else curl waits up to a second before it sends a large body
    if (!added) return Error{Errc::internal, "out of memory"};
    set(CURLOPT_HTTPHEADER, headers_.get());
    set(CURLOPT_USERAGENT, "chatbox");  // a header of the caller's wins
    return Nothing{};
}

void Transfer::set_transport(const std::string& ca_file) {
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!ca_file.empty()) set(CURLOPT_CAINFO, ca_file.c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    // A look-up that is given up must not hold the event loop until the name server has answered.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_TCP_NODELAY, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_TCP_KEEPIDLE, keepalive_idle_seconds);
    set(CURLOPT_TCP_KEEPINTVL, keepalive_interval_seconds);
    // curl shares this time out between the addresses of a name, so that a dead one does not use all of it
    // up. Zero would be curl's default of five minutes.
    const auto connect =
        request_.deadlines.connect > Millis(0) ? request_.deadlines.connect : std::chrono::hours(24);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(Millis(connect).count()));
}

// What curl would take from the environment is said here in any case.
void Transfer::set_route(const Options& options) {
    host_name_ = part_of(request_.url, CURLUPART_HOST);
    const bool direct = is_loopback_host(host_name_) || matches_no_proxy(host_name_, options.no_proxy);
    const bool tls = part_of(request_.url, CURLUPART_SCHEME) == "https";
    const std::string proxy = direct ? std::string() : tls ? options.https_proxy : options.http_proxy;
    set(CURLOPT_PROXY, proxy.c_str());
    set(CURLOPT_NOPROXY, "");
    // A proxy is the operator's and decides itself where it goes; the address that we connect to is its own.
    any_address_ = !proxy.empty() || std::find(options.internal_hosts.begin(), options.internal_hosts.end(),
                                               host_name_) != options.internal_hosts.end();
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket_callback);
    set(CURLOPT_OPENSOCKETDATA, this);
}

bool Transfer::may_connect_to(const sockaddr& address) {
    if (any_address_ || is_public_address(address)) return true;
    refused_address_ = address_text(address);
    return false;
}

Result<Nothing> Transfer::result(CURLcode code) {
    if (own_error_) return *own_error_;
    if (code == CURLE_OK) return Nothing{};
    if (code == CURLE_OPERATION_TIMEDOUT && !connected_)
        return deadline_error({{}, DeadlineKind::connect, request_.deadlines.connect});
    if (!connected_ && !refused_address_.empty()) {
        return Error{Errc::forbidden,
                     "the address " + refused_address_ + " of " + host_name_ +
                         " is not a public one, and the host is not among the internal hosts"};
    }
    std::string detail = curl_easy_strerror(code);
    const std::string_view more = error_text_.c_str();
    if (!more.empty() && more != detail) detail.append(": ").append(more);
    // Also what curl says when something answers that does not speak HTTP.
    const bool peer_is_odd = code == CURLE_UNSUPPORTED_PROTOCOL && connected_;
    return Error{peer_is_odd ? Errc::unavailable : errc_of(code), std::move(detail)};
}

Error Transfer::deadline_error(const Deadline& deadline) {
    passed_ = deadline;
    return {Errc::timeout, std::string(name_of(deadline.kind)) + " deadline of " +
                               base::format_duration(deadline.limit) + " passed"};
}

void Transfer::report_deadline(ResponseSink& sink) const {
    if (passed_) sink.on_deadline(passed_->kind, passed_->limit);
}

void Transfer::tighten(Millis time, std::size_t bytes) {
    if (host_ == nullptr) return;
    request_.max_body_bytes = std::min(request_.max_body_bytes - body_bytes_, bytes) + body_bytes_;
    const auto so_far = std::chrono::ceil<Millis>(std::chrono::steady_clock::now() - started_);
    Millis& total = request_.deadlines.total;
    if (total <= Millis(0) || so_far + time < total) total = so_far + time;
    arm();
}

ResponseSink* Transfer::detach() {
    host_ = nullptr;
    timer_.cancel();
    easy_.reset();
    return sink_;
}

void Transfer::abandon() {
    silence();
    if (host_ != nullptr) host_->drop(*this);
}

void Transfer::fail(Error error) {
    if (host_ != nullptr) host_->end(*this, std::move(error));
}

bool Transfer::on_header(std::string_view line) {
    if (sink_ == nullptr) return false;
    header_bytes_ += line.size();
    if (header_bytes_ > max_header_bytes) {
        own_error_ =
            Error{Errc::limit, "the headers are longer than " + std::to_string(max_header_bytes) + " bytes"};
        return false;
    }
    if (line == "\r\n" || line == "\n") on_headers_end();
    return sink_ != nullptr;
}

// Also comes after an interim answer (1xx), and perhaps after trailers.
void Transfer::on_headers_end() {
    long status = 0;
    curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status_reported_) return;
    status_reported_ = true;
    report_retry_after();
    if (sink_ == nullptr) return;
    const char* content_type = nullptr;
    curl_easy_getinfo(easy(), CURLINFO_CONTENT_TYPE, &content_type);
    sink_->on_status(static_cast<int>(status), content_type != nullptr ? content_type : "");
}

void Transfer::report_retry_after() {
    curl_header* header = nullptr;
    if (curl_easy_header(easy(), "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return;
    if (const auto wait = parse_retry_after(header->value)) sink_->on_retry_after(*wait);
}

bool Transfer::on_body(std::string_view bytes) {
    if (sink_ == nullptr) return false;
    last_body_ = std::chrono::steady_clock::now();
    if (!body_began_) {
        body_began_ = true;
        arm();
    }
    const std::size_t room = request_.max_body_bytes - body_bytes_;
    body_bytes_ += std::min(bytes.size(), room);
    if (bytes.size() <= room) {
        sink_->on_body(bytes);
        return sink_ != nullptr;
    }
    own_error_ =
        Error{Errc::limit, "the body is longer than " + std::to_string(request_.max_body_bytes) + " bytes"};
    if (room > 0) sink_->on_body(bytes.substr(0, room));
    return false;
}

void Transfer::on_connected() {
    connected_ = true;
}

void Transfer::start_deadlines() {
    started_ = std::chrono::steady_clock::now();
    arm();
}

Transfer::Deadline Transfer::next_deadline() const {
    Deadline next;
    const auto consider = [&](Instant from, Millis limit, DeadlineKind kind) {
        if (limit > Millis(0) && from + limit < next.at) next = {from + limit, kind, limit};
    };
    const Deadlines& limits = request_.deadlines;
    if (!connected_) consider(started_, limits.connect, DeadlineKind::connect);
    if (!body_began_) consider(started_, limits.first_byte, DeadlineKind::first_byte);
    if (body_began_) consider(last_body_, limits.silence, DeadlineKind::silence);
    consider(started_, limits.total, DeadlineKind::total);
    return next;
}

// A deadline that moves away, as silence does with each piece of the body, is left alone: the timer fires at
// the old time, finds nothing due and is set anew. So a token costs no timer.
void Transfer::arm() {
    const Instant due = next_deadline().at;
    if (due >= armed_for_) return;
    armed_for_ = due;
    timer_.expires_at(due);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
        if (!ec) self->on_timer();
    });
}

void Transfer::on_timer() {
    armed_for_ = Instant::max();
    if (host_ == nullptr) return;
    const Deadline deadline = next_deadline();
    if (deadline.at > std::chrono::steady_clock::now()) return arm();
    fail(deadline_error(deadline));
}

}  // namespace chatbox::http_client
