#pragma once
// An adapter that talks to a scripted server.
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "../../../http_client/tests/scripted_server.h"
#include "../../tests/scripted_provider.h"
#include "http_client/http_client.h"
#include "llm/provider.h"

namespace chatbox::llm::vendor::testing {

using http_client::testing::answer;
using http_client::testing::chunk;
using http_client::testing::chunked_head;
using http_client::testing::Peer;
using http_client::testing::ReceivedRequest;
using http_client::testing::run_until;
using http_client::testing::ScriptedServer;
using llm::testing::RecordingSink;

class ProviderFixture : public ::testing::Test {
protected:
    // Makes the adapter with these settings; those of a vendor are up to the test.
    virtual std::unique_ptr<Provider> make(const std::string& endpoint) = 0;

    // Answers every request with these, in order, and the last one for ever.
    ScriptedServer::OnRequest answering(std::vector<std::string> answers) {
        return [this, answers = std::move(answers)](Peer& peer, const ReceivedRequest& request) {
            peer.send(answers[std::min(seen.size(), answers.size() - 1)]);
            seen.push_back(request);
        };
    }
    void ask(const ScriptedServer& server, Prompt prompt) {
        provider = make(server.url("/v1"));
        call = provider->answer(std::move(prompt), sink);
        EXPECT_EQ(sink.ends, 0);
    }
    void ask_and_wait(const ScriptedServer& server, Prompt prompt) {
        sink = {};
        ask(server, std::move(prompt));
        ASSERT_TRUE(run_until(loop, [&] { return sink.ended(); }));
    }
    boost::json::value body(std::size_t nth = 0) const { return boost::json::parse(seen.at(nth).body); }

    boost::asio::io_context loop;
    std::unique_ptr<http_client::Client> client =
        http_client::make_client(loop.get_executor(), {.internal_hosts = {"127.0.0.1"}});
    std::vector<ReceivedRequest> seen;
    std::unique_ptr<Provider> provider;
    RecordingSink sink;
    std::unique_ptr<AnswerCall> call;
};

}  // namespace chatbox::llm::vendor::testing
