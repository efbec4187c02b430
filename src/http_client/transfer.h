#pragma once
// One request on its way through curl.
#include <curl/curl.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http_client/http_client.h"

namespace chatbox::http_client {

class Transfer;

// What a transfer needs of the client that runs it.
class TransferHost {
public:
    virtual ~TransferHost() = default;
    // Ends the transfer and then tells its sink. Not from inside a callback of curl's.
    virtual void end(Transfer& transfer, base::Result<base::Nothing> result) = 0;
    // The caller gave the transfer up: end it without a word. Any time.
    virtual void drop(Transfer& transfer) = 0;
};

// Holds the easy handle, translates curl's callbacks into calls of the sink, and watches the deadlines. The
// host owns it from start to end; the caller's Call and a running timer keep it alive beyond that.
class Transfer : public std::enable_shared_from_this<Transfer> {
public:
    Transfer(const boost::asio::any_io_executor& loop, TransferHost& host, Request request,
             ResponseSink& sink);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // Sets the easy handle up. An error if the request cannot be sent as it is.
    base::Result<base::Nothing> prepare(const std::string& ca_file, const Options& options);
    CURL* easy() const { return easy_.get(); }

    void start_deadlines();
    // The result of a transfer that curl has ended with `code`.
    base::Result<base::Nothing> result(CURLcode code);
    // Tells the sink which deadline passed, if one did. The transfer is detached.
    void report_deadline(ResponseSink& sink) const;
    void tighten(base::Millis time, std::size_t bytes);
    // From now on the sink hears nothing.
    void silence() { sink_ = nullptr; }
    bool is_heard() const { return sink_ != nullptr; }
    // The host lets go of it: the easy handle is freed. The sink to tell, null if it was silenced.
    ResponseSink* detach();
    // The caller's Call is destroyed.
    void abandon();
    // Ends it with an error of ours, unless it has ended. Not from inside a callback of curl's.
    void fail(base::Error error);

    // For curl.
    bool on_header(std::string_view line);
    bool on_body(std::string_view bytes);
    void on_connected();
    // Whether a socket to that address may be opened.
    bool may_connect_to(const sockaddr& address);

private:
    struct Deadline {
        base::Instant at = base::Instant::max();
        DeadlineKind kind = DeadlineKind::total;
        base::Millis limit{0};
    };

    template <class Value>
    void set(CURLoption option, Value value);
    void set_method();
    base::Result<base::Nothing> set_headers();
    void set_transport(const std::string& ca_file);
    void set_route(const Options& options);
    base::Error deadline_error(const Deadline& deadline);
    bool add_header(const std::string& line);
    void on_headers_end();
    void report_retry_after();
    Deadline next_deadline() const;
    void arm();
    void on_timer();

    struct FreeEasy {
        void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    };
    struct FreeList {
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };

    TransferHost* host_;  // null once detached
    ResponseSink* sink_;  // null once silenced
    Request request_;     // curl reads url, headers and body from here
    std::unique_ptr<curl_slist, FreeList> headers_;
    std::string error_text_;  // curl's words for what went wrong
    std::unique_ptr<CURL, FreeEasy> easy_;
    bool set_failed_ = false;               // an option was refused
    std::string host_name_;                 // of the URL, lower case
    bool any_address_ = false;              // the host's address need not be public
    std::string refused_address_;           // the latest that was not
    std::optional<Deadline> passed_;        // why it ended, when that was a deadline
    std::optional<base::Error> own_error_;  // why we made curl stop
    bool status_reported_ = false;
    std::size_t header_bytes_ = 0;
    std::size_t body_bytes_ = 0;

    boost::asio::steady_timer timer_;
    base::Instant armed_for_ = base::Instant::max();
    base::Instant started_;
    base::Instant last_body_;
    bool connected_ = false;
    bool body_began_ = false;
};

}  // namespace chatbox::http_client
