#include "llm/vendor/model_settings.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace chatbox::llm::vendor {

namespace {

std::string header_of(const http_client::Request& request, std::string_view name) {
    std::string all;
    for (const auto& [header, value] : request.headers)
        if (header == name) all += all.empty() ? value : " and " + value;
    return all;
}

}  // namespace

TEST(ModelSettings, PutThePathInFrontOfTheQuery) {
    EXPECT_EQ(url_of("https://a.example/v1", "/chat"), "https://a.example/v1/chat");
    EXPECT_EQ(url_of("https://a.example/v1//", "/chat"), "https://a.example/v1/chat");
    EXPECT_EQ(url_of("https://a.example/openai/deployments/d?api-version=1", "/chat"),
              "https://a.example/openai/deployments/d/chat?api-version=1");
    EXPECT_EQ(url_of("https://a.example/?x=/", "/chat"), "https://a.example/chat?x=/");
}

TEST(ModelSettings, SendTheKeyInTheHeaderThatTheyName) {
    ModelSettings settings;
    settings.api_key = "k";
    EXPECT_EQ(header_of(request_of(settings, "/p", "Authorization", {}, true), "Authorization"), "Bearer k");
    EXPECT_EQ(header_of(request_of(settings, "/p", "x-api-key", {}, true), "x-api-key"), "k");
    settings.auth_header = "api-key";
    const auto azure = request_of(settings, "/p", "Authorization", {}, true);
    EXPECT_EQ(header_of(azure, "api-key"), "k");
    EXPECT_EQ(header_of(azure, "Authorization"), "");
    settings.auth_header = "authorization";
    EXPECT_EQ(header_of(request_of(settings, "/p", "x-api-key", {}, true), "authorization"), "Bearer k");
    settings.api_key.clear();
    EXPECT_EQ(header_of(request_of(settings, "/p", "Authorization", {}, true), "authorization"), "");
}

TEST(ModelSettings, LayTheirExtrasOverTheRequest) {
    ModelSettings settings;
    settings.extra_headers = {{"X-Team", "support"}, {"ACCEPT", "x"}, {"x-team", "sales"}};
    settings.extra_body = boost::json::parse(R"({"top_p":0.9,"model":"other"})").as_object();
    const auto request =
        request_of(settings, "/p", "Authorization", {{"model", "m"}, {"stream", true}}, true);
    EXPECT_EQ(header_of(request, "X-Team"), "sales");
    EXPECT_EQ(header_of(request, "Accept"), "x");
    EXPECT_EQ(boost::json::parse(request.body),
              boost::json::parse(R"({"model":"other","stream":true,"top_p":0.9})"));
}

TEST(ModelSettings, GiveAWholeAnswerAllTheTimeToBegin) {
    ModelSettings settings;
    settings.deadlines = {.connect = base::Millis(1),
                          .first_byte = base::Millis(2),
                          .silence = base::Millis(3),
                          .total = base::Millis(4)};
    EXPECT_EQ(request_of(settings, "/p", "Authorization", {}, true).deadlines.first_byte, base::Millis(2));
    EXPECT_EQ(request_of(settings, "/p", "Authorization", {}, false).deadlines.first_byte, base::Millis(4));
}

TEST(ModelSettings, NameWhatIsNeverQuoted) {
    ModelSettings settings;
    settings.api_key = "k";
    settings.extra_headers = {{"X-Secret", "12345678"}, {"X-Version", "2"}};
    EXPECT_EQ(rules_of(settings).secrets, (std::vector<std::string>{"k", "12345678"}));
}

TEST(ModelSettings, JoinAllInstructionsTheModelsOwnFirst) {
    ModelSettings settings;
    Prompt prompt;
    EXPECT_EQ(system_text(settings, prompt), "");
    prompt.messages = {{Role::system, "General."}, {Role::user, "Hello"}, {Role::system, "Later."}};
    EXPECT_EQ(system_text(settings, prompt), "General.\n\nLater.");
    settings.system_prompt = "Own.";
    EXPECT_EQ(system_text(settings, prompt), "Own.\n\nGeneral.\n\nLater.");
}

TEST(ModelSettings, StreamUnlessNobodyWatchesOrTheModelCannot) {
    ModelSettings settings;
    Prompt prompt;
    EXPECT_TRUE(wants_stream(settings, prompt));
    prompt.delivery = Delivery::whole;
    EXPECT_FALSE(wants_stream(settings, prompt));
    prompt.delivery = Delivery::as_it_comes;
    settings.stream = false;
    EXPECT_FALSE(wants_stream(settings, prompt));
}

}  // namespace chatbox::llm::vendor
