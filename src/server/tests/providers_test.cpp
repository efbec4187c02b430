#include "configuration_fixture.h"

namespace chatbox::server {
namespace {

// --- models
// -----------------------------------------------------------------------------------------------------

constexpr const char* two_providers =
    "[[llm.providers]]\nid='a'\nname='A'\ntype='openai'\nendpoint='https://a.example/"
    "v1'\napiKey='ka'\nmodel='ma'\n"
    "[[llm.providers]]\nid='b'\nname='B'\ntype='openai'\nendpoint='https://b.example/v1'\napiKey='kb'\n";

std::string ids(const Config& config) {
    std::string text;
    for (const ProviderConfig& provider : config.llm.providers) text += provider.id + " ";
    return text;
}

class Providers : public Configuration {
protected:
    Providers() { sources_.environment.erase("LLM_PROVIDER_1_TYPE"); }
    void openai(const std::string& n, const std::string& id) {
        set("LLM_PROVIDER_" + n + "_ID", id);
        set("LLM_PROVIDER_" + n + "_NAME", id);
        set("LLM_PROVIDER_" + n + "_TYPE", "openai");
        set("LLM_PROVIDER_" + n + "_ENDPOINT", "https://" + id + ".example");
        set("LLM_PROVIDER_" + n + "_API_KEY", "k");
    }
};

TEST_F(Providers, ComeFromEitherPlaceOfTheFileInTheirOrder) {
    toml(two_providers);
    EXPECT_EQ(ids(good()), "a b ");
    std::string moved = two_providers;
    for (std::size_t at = 0; (at = moved.find("[[llm", at)) != std::string::npos; at += 10)
        moved.insert(at + 2, "chatbox.");
    toml(moved);
    EXPECT_EQ(ids(good()), "a b ");
    EXPECT_EQ(good().llm.providers[0].api_key, "ka");
    EXPECT_EQ(good().llm.providers[1].model, "");
}

TEST_F(Providers, OfTheTopLevelWinWhenBothPlacesAreThere) {
    toml(std::string(two_providers) + "[[chatbox.llm.providers]]\nid='c'\n");
    EXPECT_EQ(ids(good()), "a b ");
    EXPECT_NE(warning("chatbox.llm.providers"), "");
}

TEST_F(Providers, AreOverriddenByVariablesOfTheirNumber) {
    toml(two_providers);
    set("LLM_PROVIDER_2_API_KEY", "from-env");
    set("LLM_PROVIDER_1_NAME", "Ada");
    EXPECT_EQ(good().llm.providers[1].api_key, "from-env");
    EXPECT_EQ(good().llm.providers[0].name, "Ada");
}

TEST_F(Providers, AreDefinedByVariablesAloneWithGaps) {
    openai("2", "x");
    openai("10", "y");
    EXPECT_EQ(ids(good()), "x y ");
    openai("11", "z");
    EXPECT_EQ(ids(good()), "x y ");
}

TEST_F(Providers, OfVariablesFollowThoseOfTheFile) {
    toml(two_providers);
    openai("5", "x");
    EXPECT_EQ(ids(good()), "a b x ");
    set("LLM_PROVIDER_5_ENDPOINT", "nonsense");
    EXPECT_NE(mistake("LLM_PROVIDER_5_ENDPOINT"), "");
}

TEST_F(Providers, AreNotMadeOfALoneKey) {
    toml(two_providers);
    set("LLM_PROVIDER_3_API_KEY", "k");
    EXPECT_EQ(ids(good()), "a b ");
    EXPECT_NE(warning("LLM_PROVIDER_3_API_KEY"), "");
}

TEST_F(Providers, NeedEverythingButTheModel) {
    set("LLM_PROVIDER_1_MODEL", "m");
    for (const char* field : {"ID", "NAME", "TYPE"})
        EXPECT_NE(mistake("LLM_PROVIDER_1_" + std::string(field)), "") << field;
    set("LLM_PROVIDER_1_TYPE", "openai");
    for (const char* field : {"ENDPOINT", "API_KEY"})
        EXPECT_NE(mistake("LLM_PROVIDER_1_" + std::string(field)), "") << field;
    openai("1", "x");
    EXPECT_EQ(ids(good()), "x ");
}

TEST_F(Providers, OfTypeDemoNeedNothingElse) {
    set("LLM_PROVIDER_1_TYPE", "demo");
    EXPECT_EQ(good().llm.providers.at(0).id, "demo");
    EXPECT_EQ(good().llm.providers.at(0).name, "Demo");
}

TEST_F(Providers, MayLackAKeyAtAnInternalHttpEndpointOnly) {
    openai("1", "x");
    set("LLM_PROVIDER_1_API_KEY", "");
    EXPECT_NE(mistake("LLM_PROVIDER_1_API_KEY"), "");
    set("LLM_PROVIDER_1_ENDPOINT", "http://127.0.0.1:11434/v1");
    EXPECT_EQ(mistake("LLM_PROVIDER_1_API_KEY"), "");
    EXPECT_EQ(ids(good()), "x ");
}

TEST_F(Providers, HaveKeysThatCanBeSent) {
    openai("1", "x");
    set("LLM_PROVIDER_1_API_KEY", "sk-TELLTALE\n");
    EXPECT_NE(mistake("LLM_PROVIDER_1_API_KEY"), "");
    EXPECT_EQ(mistake("LLM_PROVIDER_1_API_KEY").find("TELLTALE"), std::string::npos);
}

TEST_F(Providers, OfEveryTypeStart) {
    for (const char* type : {"openai", "anthropic", "dify"}) {
        openai("1", "x");
        set("LLM_PROVIDER_1_TYPE", type);
        EXPECT_EQ(good().llm.providers.at(0).type, type);
    }
}

TEST_F(Providers, NeedAKeyForAnthropicAndDifyEverywhere) {
    for (const char* type : {"anthropic", "dify"}) {
        openai("1", "x");
        set("LLM_PROVIDER_1_TYPE", type);
        set("LLM_PROVIDER_1_ENDPOINT", "http://127.0.0.1:1/v1");
        set("LLM_PROVIDER_1_API_KEY", "");
        EXPECT_NE(mistake("LLM_PROVIDER_1_API_KEY"), "") << type;
    }
}

TEST_F(Providers, HaveTheirOwnWayToAsk) {
    toml(R"([[llm.providers]]
id='a'
name='A'
type='openai'
endpoint='https://x.openai.azure.com/openai/deployments/d?api-version=2024-06-01'
apiKey='k'
authHeader='api-key'
systemPrompt='Be brief.'
temperature=0.5
maxTokens=100
extraBody='{"top_p": 0.9}'
extraHeaders=['X-Team: support', 'X-Other: a, b']
stream=false
)");
    const ProviderConfig provider = good().llm.providers.at(0);
    EXPECT_EQ(provider.auth_header, "api-key");
    EXPECT_EQ(provider.system_prompt, "Be brief.");
    EXPECT_EQ(provider.temperature, 0.5);
    EXPECT_EQ(provider.max_tokens, 100u);
    EXPECT_EQ(provider.extra_body, R"({"top_p": 0.9})");
    EXPECT_EQ(provider.extra_headers, (std::vector<std::string>{"X-Team: support", "X-Other: a, b"}));
    EXPECT_FALSE(provider.stream);
}

TEST_F(Providers, LeaveToTheVendorWhatIsNotSaid) {
    openai("1", "x");
    const ProviderConfig provider = good().llm.providers.at(0);
    EXPECT_LT(provider.temperature, 0);
    EXPECT_EQ(provider.max_tokens, 0u);
    EXPECT_TRUE(provider.stream);
    EXPECT_TRUE(provider.fallback.empty());
}

TEST_F(Providers, RefuseExtrasThatCannotBeSent) {
    openai("1", "x");
    const auto refuses = [&](const std::string& suffix, const std::string& value) {
        set("LLM_PROVIDER_1_" + suffix, value);
        const std::string text = mistake("LLM_PROVIDER_1_" + suffix);
        set("LLM_PROVIDER_1_" + suffix, "");
        EXPECT_EQ(text.find("TELLTALE"), std::string::npos) << text;
        return !text.empty();
    };
    EXPECT_TRUE(refuses("EXTRA_BODY", "{\"a\": TELLTALE"));
    EXPECT_TRUE(refuses("EXTRA_BODY", "[1]"));
    EXPECT_TRUE(refuses("EXTRA_HEADERS", "no colon TELLTALE"));
    EXPECT_TRUE(refuses("EXTRA_HEADERS", "Bad name: TELLTALE"));
    EXPECT_TRUE(refuses("EXTRA_HEADERS", "X-A: TELLTALE\x01"));
    EXPECT_TRUE(refuses("EXTRA_HEADERS", "Host: TELLTALE"));
    EXPECT_TRUE(refuses("AUTH_HEADER", "api key"));
    EXPECT_TRUE(refuses("TEMPERATURE", "2.1"));
    EXPECT_TRUE(refuses("TEMPERATURE", "-0.1"));
    EXPECT_TRUE(refuses("MAX_TOKENS", "0"));
    EXPECT_FALSE(refuses("TEMPERATURE", "2"));
    EXPECT_FALSE(refuses("MAX_TOKENS", "1"));
}

TEST_F(Providers, StandInForOneAnother) {
    toml(two_providers);
    set("LLM_PROVIDER_1_FALLBACK", "b");
    EXPECT_EQ(good().llm.providers.at(0).fallback, std::vector<std::string>{"b"});
    set("LLM_PROVIDER_1_FALLBACK", "b,c");
    EXPECT_NE(mistake("LLM_PROVIDER_1_FALLBACK").find("\"c\""), std::string::npos);
    set("LLM_PROVIDER_1_FALLBACK", "a");
    EXPECT_NE(mistake("LLM_PROVIDER_1_FALLBACK"), "");
}

TEST_F(Providers, MayBeAtAnInternalHostThatIsListed) {
    openai("1", "x");
    set("LLM_PROVIDER_1_ENDPOINT", "http://llm.example.com/v1");
    EXPECT_NE(mistake("LLM_PROVIDER_1_ENDPOINT").find("CHATBOX_INTERNAL_HOSTS"), std::string::npos);
    set("CHATBOX_INTERNAL_HOSTS", "other.example.com, LLM.example.com");
    EXPECT_EQ(mistake("LLM_PROVIDER_1_ENDPOINT"), "");
    set("CHATBOX_INTERNAL_HOSTS", "http://llm.example.com");
    EXPECT_NE(mistake("CHATBOX_INTERNAL_HOSTS"), "");
}

TEST_F(Providers, OfTheSameIdAreReducedToTheLaterOne) {
    toml(two_providers);
    openai("3", "a");
    EXPECT_EQ(ids(good()), "b a ");
    EXPECT_EQ(good().llm.providers[1].endpoint, "https://a.example");
    EXPECT_NE(warning("LLM_PROVIDER_1_ID"), "");
}

TEST_F(Providers, ThatAreNoListOfTablesAreAMistake) {
    toml("[llm]\nproviders = 'openai'\n");
    EXPECT_NE(mistake("llm.providers"), "");
}

TEST_F(Providers, HaveIdsThatFitIntoAFrame) {
    openai("1", "x");
    set("LLM_PROVIDER_1_ID", std::string(100, 'i'));
    EXPECT_EQ(mistake("LLM_PROVIDER_1_ID"), "");
    set("LLM_PROVIDER_1_ID", std::string(101, 'i'));
    EXPECT_NE(mistake("LLM_PROVIDER_1_ID"), "");
}

}  // namespace
}  // namespace chatbox::server
