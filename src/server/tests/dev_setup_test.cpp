#include "server/dev_setup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "one_answer_server.h"
#include "server/secrets.h"
#include "temporary_folder.h"

namespace chatbox::server {
namespace {

std::optional<std::string> no_ollama(const std::string&) {
    return std::nullopt;
}

class DevSetup : public testing::Test {
protected:
    DevSetup() {
        sources_.files = {folder_.write("empty.toml", "")};
        set("CHATBOX_DATA_DIR", folder_ / "data");
    }
    void set(const std::string& name, const std::string& value) { sources_.environment[name] = value; }

    Loaded prepare(const FindOllamaModel& find = no_ollama) {
        Loaded loaded = load_config(sources_);
        lines_ = prepare_dev(loaded, sources_.environment, find);
        check_config(loaded);
        return loaded;
    }
    bool says(const std::string& text) const {
        for (const std::string& line : lines_) {
            if (line.find(text) != std::string::npos) return true;
        }
        return false;
    }

    TemporaryFolder folder_;
    Sources sources_;
    std::vector<std::string> lines_;
};

TEST_F(DevSetup, NeedsNoSettings) {
    const Loaded loaded = prepare();
    EXPECT_TRUE(loaded.mistakes.empty()) << loaded.mistakes.front().text;
    EXPECT_TRUE(loaded.config.development);
    EXPECT_EQ(loaded.config.server.host, "127.0.0.1");
    EXPECT_EQ(loaded.config.server.port, 8080);
    EXPECT_EQ(loaded.config.llm.providers.at(0).type, "demo");
    EXPECT_EQ(loaded.config.log.level, "warn");
    EXPECT_TRUE(says("DEVELOPMENT SERVER"));
    EXPECT_TRUE(says("demo"));
}

TEST_F(DevSetup, ListensOnLoopbackWhateverIsConfigured) {
    set("CHATBOX_HOST", "0.0.0.0");
    EXPECT_EQ(prepare().config.server.host, "127.0.0.1");
    EXPECT_TRUE(says("CHATBOX_HOST \"0.0.0.0\" is not used"));
    set("CHATBOX_HOST", "127.0.0.1");
    prepare();
    EXPECT_FALSE(says("CHATBOX_HOST"));
}

TEST_F(DevSetup, KeepsItsSecretFromStartToStart) {
    const std::string first = prepare().config.auth.jwt_secret;
    EXPECT_EQ(jwt_secret_mistake(first), "");
    EXPECT_EQ(prepare().config.auth.jwt_secret, first);
    struct stat info{};
    ASSERT_EQ(::stat((folder_ / "data/dev-secrets.toml").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(DevSetup, MakesDifferentSecretsInDifferentFolders) {
    const std::string first = prepare().config.auth.jwt_secret;
    set("CHATBOX_DATA_DIR", folder_ / "other");
    EXPECT_NE(prepare().config.auth.jwt_secret, first);
}

TEST_F(DevSetup, ClosesASecretsFileThatOthersCanRead) {
    prepare();
    ::chmod((folder_ / "data/dev-secrets.toml").c_str(), 0644);
    prepare();
    struct stat info{};
    ASSERT_EQ(::stat((folder_ / "data/dev-secrets.toml").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(DevSetup, GivesTheSameSecretToAllThatStartAtOnce) {
    std::vector<std::future<std::string>> starts;
    for (int i = 0; i < 8; ++i) {
        starts.push_back(std::async(std::launch::async,
                                    [&] { return load_or_create_dev_secret(folder_ / "data").value(); }));
    }
    const std::string first = starts.front().get();
    for (std::size_t i = 1; i < starts.size(); ++i) EXPECT_EQ(starts[i].get(), first);
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_ / "data")) ++files;
    EXPECT_EQ(files, 1u);
}

TEST_F(DevSetup, RefusesASecretsFileThatCannotBeUsed) {
    std::filesystem::create_directories(folder_ / "data");
    for (const char* text :
         {"", "jwt_secret = ", "jwt_secret = 7\n", "jwt_secret = 'short'\n", "other = 'x'\n"}) {
        folder_.write("data/dev-secrets.toml", text);
        const Loaded loaded = prepare();
        ASSERT_EQ(loaded.mistakes.size(), 1u) << text;
        EXPECT_EQ(loaded.mistakes[0].setting, "CHATBOX_DATA_DIR");
        EXPECT_NE(loaded.mistakes[0].text.find("delete the file"), std::string::npos);
    }
}

TEST_F(DevSetup, SaysWhichFolderCannotBeMade) {
    folder_.write("file", "");
    set("CHATBOX_DATA_DIR", folder_ / "file/data");
    const Loaded loaded = prepare();
    ASSERT_EQ(loaded.mistakes.size(), 1u);
    EXPECT_NE(loaded.mistakes[0].text.find("file/data"), std::string::npos);
}

TEST_F(DevSetup, LeavesNothingBehindWhenTheConfigurationIsWrong) {
    set("SERVER_PORT", "x");
    const Loaded loaded = prepare();
    EXPECT_EQ(loaded.mistakes.size(), 1u);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "data"));
}

TEST_F(DevSetup, UsesAConfiguredSecretIfItIsGood) {
    set("JWT_SECRET", "kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae");
    EXPECT_EQ(prepare().config.auth.jwt_secret, "kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae");
    EXPECT_FALSE(std::filesystem::exists(folder_ / "data/dev-secrets.toml"));
    set("JWT_SECRET", "short");
    EXPECT_FALSE(prepare().mistakes.empty());
}

TEST_F(DevSetup, TalksToOpenAiWhenItsKeyIsThere) {
    set("OPENAI_API_KEY", "sk-TELLTALE");
    const Loaded loaded = prepare([](const std::string&) { return std::optional<std::string>("llama"); });
    const ProviderConfig& provider = loaded.config.llm.providers.at(0);
    EXPECT_EQ(provider.type, "openai");
    EXPECT_EQ(provider.endpoint, "https://api.openai.com/v1");
    EXPECT_EQ(provider.model, "gpt-4o-mini");
    EXPECT_EQ(provider.api_key, "sk-TELLTALE");
    EXPECT_TRUE(says("gpt-4o-mini"));
    EXPECT_FALSE(says("TELLTALE"));
    set("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    set("OPENAI_MODEL", "m");
    EXPECT_EQ(prepare().config.llm.providers.at(0).endpoint, "http://127.0.0.1:9/v1");
    EXPECT_EQ(prepare().config.llm.providers.at(0).model, "m");
}

TEST_F(DevSetup, RefusesAnOpenAiSettingThatCannotBeRight) {
    set("OPENAI_API_KEY", "sk-x");
    set("OPENAI_BASE_URL", "http://api.openai.com/v1");
    Loaded loaded = prepare();
    ASSERT_EQ(loaded.mistakes.size(), 1u);
    EXPECT_EQ(loaded.mistakes[0].setting, "OPENAI_BASE_URL");
    set("OPENAI_BASE_URL", "");
    set("OPENAI_API_KEY", "your-key");
    loaded = prepare();
    ASSERT_EQ(loaded.mistakes.size(), 1u);
    EXPECT_EQ(loaded.mistakes[0].setting, "OPENAI_API_KEY");
}

TEST_F(DevSetup, TalksToAnOllamaThatAnswers) {
    std::string asked;
    const Loaded loaded = prepare([&](const std::string& url) {
        asked = url;
        return std::optional<std::string>("llama3:latest");
    });
    EXPECT_TRUE(loaded.mistakes.empty());
    EXPECT_EQ(asked, "http://127.0.0.1:11434");
    EXPECT_EQ(loaded.config.llm.providers.at(0).endpoint, "http://127.0.0.1:11434/v1");
    EXPECT_EQ(loaded.config.llm.providers.at(0).model, "llama3:latest");
    EXPECT_TRUE(says("llama3:latest"));
}

TEST_F(DevSetup, TalksToAnthropicWhenThereIsAKeyForIt) {
    set("ANTHROPIC_API_KEY", "k");
    const Loaded loaded = prepare();
    const ProviderConfig& provider = loaded.config.llm.providers.at(0);
    EXPECT_EQ(provider.type, "anthropic");
    EXPECT_EQ(provider.endpoint, "https://api.anthropic.com/v1");
    EXPECT_EQ(provider.api_key, "k");
    EXPECT_FALSE(provider.model.empty());
    EXPECT_TRUE(says("ANTHROPIC_API_KEY"));
}

TEST_F(DevSetup, TalksToTheAnthropicServerAndModelThatVariablesName) {
    set("ANTHROPIC_API_KEY", "k");
    set("ANTHROPIC_BASE_URL", "http://127.0.0.1:9/");
    set("ANTHROPIC_MODEL", "claude-x");
    const Loaded loaded = prepare();
    EXPECT_EQ(loaded.config.llm.providers.at(0).endpoint, "http://127.0.0.1:9/v1");
    EXPECT_EQ(loaded.config.llm.providers.at(0).model, "claude-x");
    set("ANTHROPIC_BASE_URL", "http://example.com");
    ASSERT_EQ(prepare().mistakes.size(), 1u);
    EXPECT_EQ(prepare().mistakes[0].setting, "ANTHROPIC_BASE_URL");
}

TEST_F(DevSetup, PrefersOpenAiWhenThereAreKeysForBoth) {
    set("ANTHROPIC_API_KEY", "k");
    set("OPENAI_API_KEY", "sk-x");
    EXPECT_EQ(prepare().config.llm.providers.at(0).type, "openai");
}

TEST_F(DevSetup, LetsConfiguredModelsWin) {
    set("OPENAI_API_KEY", "sk-x");
    set("LLM_PROVIDER_1_TYPE", "demo");
    set("LLM_PROVIDER_1_ID", "mine");
    const Loaded loaded = prepare([](const std::string&) { return std::optional<std::string>("llama"); });
    ASSERT_EQ(loaded.config.llm.providers.size(), 1u);
    EXPECT_EQ(loaded.config.llm.providers[0].id, "mine");
}

TEST_F(DevSetup, DoesNotHideAMistakeInAConfiguredModel) {
    set("LLM_PROVIDER_1_TYPE", "oracle");
    EXPECT_FALSE(prepare().mistakes.empty());
}

TEST(Ollama, IsLookedForWhereItsOwnToolsLook) {
    const auto url = [](const std::string& host) { return ollama_base_url({{"OLLAMA_HOST", host}}); };
    EXPECT_EQ(ollama_base_url({}), "http://127.0.0.1:11434");
    EXPECT_EQ(url(""), "http://127.0.0.1:11434");
    EXPECT_EQ(url("127.0.0.1:1"), "http://127.0.0.1:1");
    EXPECT_EQ(url("0.0.0.0"), "http://127.0.0.1:11434");
    EXPECT_EQ(url("0.0.0.0:8000"), "http://127.0.0.1:8000");
    EXPECT_EQ(url("gpu-box"), "http://gpu-box:11434");
    EXPECT_EQ(url("[::1]"), "http://[::1]:11434");
    EXPECT_EQ(url("[::1]:99"), "http://[::1]:99");
    EXPECT_EQ(url("http://10.0.0.7:11434/"), "http://10.0.0.7:11434");
    EXPECT_EQ(url("https://ollama.example.com"), "https://ollama.example.com");
    EXPECT_EQ(url("http://ollama.example.com"), "http://127.0.0.1:11434");  // no plain http to the outside
    EXPECT_EQ(url("not a host"), "http://127.0.0.1:11434");
}

TEST(Ollama, OffersItsFirstModelThatCanChat) {
    EXPECT_EQ(first_ollama_model(
                  R"({"models":[{"name":"nomic-embed-text"},{"name":"llama3:latest"},{"name":"phi"}]})"),
              "llama3:latest");
    EXPECT_EQ(first_ollama_model(R"({"models":[{"name":"nomic-embed-text"}]})"), "nomic-embed-text");
    for (const char* text : {"", "{}", "[]", "null", R"({"models":[]})", R"({"models":{}})",
                             R"({"models":[1,{},{"name":7},{"name":""}]})", "{\"models\""}) {
        EXPECT_FALSE(first_ollama_model(text)) << text;
    }
}

TEST(Ollama, IsAskedOverHttp) {
    OneAnswerServer ollama(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        "33\r\n\r\n{\"models\":[{\"name\":\"llama3:8b\"}]}");
    EXPECT_EQ(find_ollama_model(ollama.url()), "llama3:8b");
    EXPECT_TRUE(ollama.request().starts_with("GET /api/tags HTTP/1.1\r\n")) << ollama.request();
}

TEST(Ollama, ThatRefusesOrIsNotThereIsNotUsed) {
    OneAnswerServer broken(
        "HTTP/1.1 500 Oops\r\nContent-Length: 33\r\n\r\n{\"models\":[{\"name\":\"llama3:8b\"}]}");
    EXPECT_FALSE(find_ollama_model(broken.url()));
    std::string gone;
    {
        OneAnswerServer short_lived("");
        gone = short_lived.url();
    }
    EXPECT_FALSE(find_ollama_model(gone));
}

TEST(Ollama, ThatIsSilentIsGivenUp) {
    OneAnswerServer silent(OneAnswerServer::never);
    EXPECT_FALSE(find_ollama_model(silent.url()));
}

}  // namespace
}  // namespace chatbox::server
