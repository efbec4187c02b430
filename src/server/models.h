#pragma once
// From settings to the models of one network thread.
#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "chat/hub.h"
#include "http_client/http_client.h"
#include "llm/breaker.h"
#include "llm/timers.h"
#include "server/config.h"

namespace chatbox::server {

// Which hosts may be internal, and the proxies.
http_client::Options outbound_options(const Config& config);

// One for each endpoint, shared by all threads.
using Breakers = std::map<std::string, std::shared_ptr<llm::Breaker>>;
Breakers make_breakers(const Config& config);

// What the models of a thread are made of; all of it outlives them.
struct ModelParts {
    boost::asio::any_io_executor loop;
    http_client::Client& http;
    llm::Timers& timers;
    base::Log& log;
};

// The configured models in their order, each with the policy around it.
std::vector<chat::Model> make_models(const Config& config, const Breakers& breakers, const ModelParts& parts);

}  // namespace chatbox::server
