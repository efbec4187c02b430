#pragma once
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http_client/http_client.h"
#include "scripted_server.h"

namespace chatbox::http_client::testing {

// Remembers what it was told; a test may act in the midst of it.
class RecordingSink : public ResponseSink {
public:
    void on_status(int status_code, std::string_view type) override {
        ++status_calls;
        status = status_code;
        content_type = type;
        body_before_status = !body.empty();
        if (then_on_status) then_on_status();
    }
    void on_retry_after(base::Millis wait) override { retry_after = wait; }
    void on_body(std::string_view bytes) override {
        ++pieces;
        body += bytes;
        if (then_on_body) then_on_body();
    }
    void on_done(base::Result<base::Nothing> outcome) override {
        ++done_calls;
        result = std::move(outcome);
        if (then_on_done) then_on_done();
    }

    bool done() const { return done_calls > 0; }
    bool ok() const { return result && result->has_value(); }
    base::Errc code() const { return result && result->has_error() ? result->error().code : base::Errc{}; }
    std::string detail() const { return result && result->has_error() ? result->error().detail : ""; }

    int status = 0;
    int status_calls = 0;
    int pieces = 0;
    int done_calls = 0;
    bool body_before_status = false;
    std::string content_type;
    std::optional<base::Millis> retry_after;
    std::string body;
    std::optional<base::Result<base::Nothing>> result;
    std::function<void()> then_on_status, then_on_body, then_on_done;
};

class ClientFixture : public ::testing::Test {
protected:
    ClientFixture() {
        for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
            ::unsetenv(name);
    }

    Request get(std::string url) const {
        Request request;
        request.url = std::move(url);
        return request;
    }

    // Sends the request and waits for its end.
    void fetch(Request request) {
        call = client->start(std::move(request), sink);
        ASSERT_TRUE(run_until(loop, [&] { return sink.done(); }));
    }

    boost::asio::io_context loop;
    RecordingSink sink;
    std::unique_ptr<Client> client =
        make_client(loop.get_executor(), {.internal_hosts = {"127.0.0.1", "localhost", "::1"}});
    std::unique_ptr<Call> call;
};

}  // namespace chatbox::http_client::testing
