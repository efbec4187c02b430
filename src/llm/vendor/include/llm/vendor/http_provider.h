#pragma once
// The life of one answer over HTTP, whoever the vendor is: what a status means, what of an error is quoted,
// how an answer ends for its reader before the exchange ends for the vendor.
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "http_client/http_client.h"
#include "llm/provider.h"
#include "llm/vendor/stream_decoder.h"

namespace chatbox::llm::vendor {

// One request with the means to read its answer.
struct Exchange {
    http_client::Request request;
    std::unique_ptr<StreamDecoder> decoder;
    // What to ask instead when the answer is 404, once; empty: nothing.
    std::function<Exchange()> on_not_found = {};
};

class HttpAnswer;
// Answers whose reader has gone while the exchange goes on, the oldest first.
using Leftovers = std::list<std::shared_ptr<HttpAnswer>>;

struct HttpRules {
    std::vector<std::string> secrets;  // never quoted
    DrainLimits drain;
};

// A vendor's adapter says what to send and how to read what comes back. 200 is success and nothing else is;
// see errc_of_status(). The detail of an error quotes at most 1024 bytes of the vendor's, secrets removed.
class HttpProvider : public Provider {
public:
    // `client` outlives the provider and belongs to the same loop.
    HttpProvider(http_client::Client& client, HttpRules rules);
    ~HttpProvider() override;
    std::unique_ptr<AnswerCall> answer(Prompt prompt, AnswerSink& sink) final;

private:
    virtual Exchange exchange_for(const Prompt& prompt) = 0;

    http_client::Client& client_;
    HttpRules rules_;
    std::shared_ptr<Leftovers> leftovers_ = std::make_shared<Leftovers>();
};

}  // namespace chatbox::llm::vendor
