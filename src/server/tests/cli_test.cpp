#include "server/cli.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "auth/token.h"
#include "server/config_table.h"
#include "temporary_folder.h"

namespace chatbox::server {
namespace {

const std::string good_secret = "kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae";

class CommandLine : public testing::Test {
protected:
    CommandLine() {
        environment_ = {{"CHATBOX_CONFIG", folder_.write("empty.toml", "")},
                        {"CHATBOX_DATA_DIR", folder_ / "data"},
                        {"LOG_STANDARD_OUTPUT", "false"}};
    }

    int run(std::vector<std::string> arguments) {
        out_.str("");
        err_.str("");
        started_ = false;
        return run_command_line({std::move(arguments), environment_, out_, err_, clock_,
                                 [](const std::string&) { return std::optional<std::string>(); },
                                 [this](const Config& config, base::Log& log,
                                        const std::function<void(std::uint16_t)>& on_ready) {
                                     started_ = true;
                                     config_ = config;
                                     log.error("test", "the log works");
                                     out_ << "listening\n";
                                     if (on_ready) on_ready(4711);
                                     return result_;
                                 }});
    }
    void serve_settings() {
        environment_["JWT_SECRET"] = good_secret;
        environment_["LLM_PROVIDER_1_TYPE"] = "demo";
    }
    std::string out() const { return out_.str(); }
    std::string err() const { return err_.str(); }
    static bool has(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }
    auth::Identity identity(const std::string& token, const std::string& secret) const {
        const auto who = auth::make_verifier({.secrets = {secret}})->verify(token, clock_.now());
        EXPECT_TRUE(who) << (who ? "" : who.error().detail);
        return who ? *who : auth::Identity{};
    }

    TemporaryFolder folder_;
    std::map<std::string, std::string> environment_;
    base::ManualClock clock_{base::Time(base::Millis(1'770'000'000'000))};
    std::ostringstream out_, err_;
    bool started_ = false;
    int result_ = exit_ok;
    Config config_;
};

TEST_F(CommandLine, WithoutACommandShowsHelpAndFails) {
    EXPECT_EQ(run({}), exit_usage);
    EXPECT_EQ(out(), "");
    EXPECT_TRUE(has(err(), "chatbox dev"));
}

TEST_F(CommandLine, HelpsWithEveryCommandByExample) {
    EXPECT_EQ(run({"--help"}), exit_ok);
    for (const char* name : {"serve", "dev", "token", "check-config", "version", "Exit codes"})
        EXPECT_TRUE(has(out(), name)) << name;
    EXPECT_FALSE(has(out(), "docs "));
    for (const char* name : {"serve", "dev", "token", "check-config", "version"}) {
        EXPECT_EQ(run({name, "--help"}), exit_ok);
        EXPECT_TRUE(has(out(), "Example")) << name;
        EXPECT_TRUE(has(out(), std::string("chatbox ") + name)) << name;
        EXPECT_EQ(err(), "");
    }
}

TEST_F(CommandLine, ThatIsNotUnderstoodIsOneLineWithAWayOut) {
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"fly"},
                                                      {"--fly"},
                                                      {"serve", "--fly"},
                                                      {"token"},
                                                      {"token", "--user"},
                                                      {"serve", "extra"},
                                                      {"dev", "--host", "x"},
                                                      {"docs"},
                                                      {"docs", "other"},
                                                      {"serve", "dev"}}) {
        EXPECT_EQ(run(arguments), exit_usage) << arguments.front();
        EXPECT_EQ(out(), "");
        EXPECT_TRUE(has(err(), "--help"));
        EXPECT_EQ(std::ranges::count(err(), '\n'), 1) << err();
        EXPECT_FALSE(started_);
    }
}

TEST_F(CommandLine, SaysItsVersion) {
    for (const char* form : {"version", "--version"}) {
        EXPECT_EQ(run({form}), exit_ok);
        EXPECT_TRUE(out().starts_with("chatbox " CHATBOX_EXPECTED_VERSION " (")) << out();
    }
}

TEST_F(CommandLine, MakesTheDocumentOfTheSettings) {
    EXPECT_EQ(run({"docs", "configuration"}), exit_ok);
    EXPECT_EQ(out(), configuration_document());
}

// --- serve
// ------------------------------------------------------------------------------------------------------

TEST_F(CommandLine, ServesAndPassesTheResultOn) {
    serve_settings();
    result_ = exit_cannot_listen;
    EXPECT_EQ(run({"serve", "--port", "0", "--host", "127.0.0.1", "--data-dir", "/d"}), exit_cannot_listen);
    EXPECT_TRUE(started_);
    EXPECT_EQ(config_.server.port, 0);
    EXPECT_EQ(config_.server.host, "127.0.0.1");
    EXPECT_EQ(config_.storage.data_dir, "/d");
    EXPECT_FALSE(config_.development);
    EXPECT_EQ(out(), "listening\n");
}

TEST_F(CommandLine, ServesWithTheNamedFiles) {
    const std::string first =
        folder_.write("1.toml", "[server]\nport = 1\n[chatbox]\njwt_secret = '" + good_secret +
                                    "'\n[[llm.providers]]\ntype='demo'\n");
    const std::string second = folder_.write("2.toml", "[server]\nport = 2\n");
    EXPECT_EQ(run({"serve", "--config", first, "--config", second}), exit_ok) << err();
    EXPECT_EQ(config_.server.port, 2);
}

TEST_F(CommandLine, StartsNothingWithMistakesAndTellsAllOfThem) {
    environment_["SERVER_PORT"] = "x";
    EXPECT_EQ(run({"serve"}), exit_configuration);
    EXPECT_FALSE(started_);
    EXPECT_EQ(out(), "");
    for (const char* line : {"chatbox: SERVER_PORT: must be a whole number",
                             "chatbox: JWT_SECRET: is required", "chatbox: LLM_PROVIDER_1_TYPE: no model"}) {
        EXPECT_TRUE(has(err(), line)) << err();
    }
}

TEST_F(CommandLine, ShowsWarningsBesideMistakesBecauseTheyMayExplainThem) {
    environment_["CHATBOX_CONFIG"] = folder_.write("c.toml", "[chatbox]\njwt_secretx = 'x'\n");
    EXPECT_EQ(run({"serve"}), exit_configuration);
    EXPECT_TRUE(has(
        err(),
        "chatbox: warning: chatbox.jwt_secretx: is not a setting; the nearest one is chatbox.jwt_secret"));
}

TEST_F(CommandLine, WritesWarningsToTheLogWhenItStarts) {
    serve_settings();
    environment_["LOG_DIR"] = folder_ / "logs";
    environment_["CHATBOX_THREDS"] = "2";
    EXPECT_EQ(run({"serve"}), exit_ok);
    EXPECT_TRUE(has(folder_.read("logs/warn.log"), "CHATBOX_THREADS"));
    EXPECT_TRUE(has(folder_.read("logs/error.log"), "the log works"));
    EXPECT_EQ(err(), "");
}

TEST_F(CommandLine, RefusesALogFolderThatCannotBeWritten) {
    serve_settings();
    environment_["LOG_DIR"] = folder_.write("file", "") + "/logs";
    EXPECT_EQ(run({"serve"}), exit_configuration);
    EXPECT_TRUE(err().starts_with("chatbox: LOG_DIR: ")) << err();
    EXPECT_FALSE(started_);
}

// --- dev
// --------------------------------------------------------------------------------------------------------

TEST_F(CommandLine, DevPrintsLinksThatAreSignedInAfterTheReadyLine) {
    EXPECT_EQ(run({"dev", "--port", "0"}), exit_ok) << err();
    EXPECT_TRUE(config_.development);
    std::istringstream lines(out());
    std::string ready, visitor, admin;
    std::getline(lines, ready);
    std::getline(lines, visitor);
    std::getline(lines, admin);
    EXPECT_EQ(ready, "listening");
    const std::string visitor_start = "Visitor: http://127.0.0.1:4711/chatbox/#token=";
    const std::string admin_start = "Administrator: http://127.0.0.1:4711/chatbox/admin.html#token=";
    ASSERT_TRUE(visitor.starts_with(visitor_start)) << visitor;
    ASSERT_TRUE(admin.starts_with(admin_start)) << admin;
    const auto who = identity(visitor.substr(visitor_start.size()), config_.auth.jwt_secret);
    EXPECT_EQ(who.user.str(), "visitor-1");
    EXPECT_EQ(who.name, "Visitor");
    EXPECT_FALSE(who.is_admin());
    EXPECT_EQ(who.expires, clock_.now() + std::chrono::days(7));
    const auto boss = identity(admin.substr(admin_start.size()), config_.auth.jwt_secret);
    EXPECT_EQ(boss.user.str(), "admin-1");
    EXPECT_TRUE(boss.is_admin());
}

TEST_F(CommandLine, DevSaysOnEveryStartWhatItIs) {
    for (int start = 0; start < 2; ++start) {
        run({"dev"});
        EXPECT_TRUE(has(err(), "DEVELOPMENT SERVER"));
        EXPECT_TRUE(has(err(), "demo model"));
        EXPECT_TRUE(has(err(), folder_ / "data"));
    }
}

TEST_F(CommandLine, DevUsesThePathPrefixInItsLinks) {
    environment_["CHATBOX_PATH_PREFIX"] = "/";
    run({"dev"});
    EXPECT_TRUE(has(out(), "http://127.0.0.1:4711/#token="));
    EXPECT_TRUE(has(out(), "http://127.0.0.1:4711/admin.html#token="));
}

TEST_F(CommandLine, DevTellsMistakesLikeServe) {
    environment_["MONGO_URI"] = "mongodb://localhost";
    EXPECT_EQ(run({"dev"}), exit_configuration);
    EXPECT_TRUE(has(err(), "chatbox: MONGO_URI: "));
    EXPECT_FALSE(started_);
}

// --- token
// ------------------------------------------------------------------------------------------------------

TEST_F(CommandLine, MakesATokenAndPrintsNothingElse) {
    environment_["JWT_SECRET"] = good_secret;
    EXPECT_EQ(run({"token", "--user", "ada", "--name", "Ada L.", "--role", "admin", "--role", "x,y", "--ttl",
                   "10m"}),
              exit_ok);
    ASSERT_EQ(std::ranges::count(out(), '\n'), 1);
    const auto who = identity(out().substr(0, out().size() - 1), good_secret);
    EXPECT_EQ(who.user.str(), "ada");
    EXPECT_EQ(who.name, "Ada L.");
    EXPECT_EQ(who.roles, (std::vector<std::string>{"admin", "x,y"}));
    EXPECT_EQ(who.expires, clock_.now() + std::chrono::minutes(10));
    EXPECT_TRUE(has(err(), "env JWT_SECRET"));
}

TEST_F(CommandLine, MakesATokenWithTheSecretOfTheFile) {
    const std::string file = folder_.write("c.toml", "[chatbox]\njwt_secret = '" + good_secret + "'\n");
    EXPECT_EQ(run({"token", "--user", "ada", "--config", file}), exit_ok);
    EXPECT_EQ(identity(out().substr(0, out().size() - 1), good_secret).user.str(), "ada");
}

TEST_F(CommandLine, MakesATokenForTheDevelopmentServerOfTheFolder) {
    run({"dev"});
    const std::string secret = config_.auth.jwt_secret;
    EXPECT_EQ(run({"token", "--user", "ada"}), exit_ok);
    EXPECT_EQ(identity(out().substr(0, out().size() - 1), secret).user.str(), "ada");
    EXPECT_TRUE(has(err(), "development server in " + (folder_ / "data")));
    environment_.erase("CHATBOX_DATA_DIR");
    EXPECT_EQ(run({"token", "--user", "ada", "--data-dir", folder_ / "data"}), exit_ok);
}

TEST_F(CommandLine, MakesNoTokenWithoutAGoodSecret) {
    EXPECT_EQ(run({"token", "--user", "ada"}), exit_configuration);
    EXPECT_TRUE(has(err(), "JWT_SECRET"));
    EXPECT_EQ(out(), "");
    environment_["JWT_SECRET"] = "short-TELLTALE";
    EXPECT_EQ(run({"token", "--user", "ada"}), exit_configuration);
    EXPECT_FALSE(has(err(), "TELLTALE"));
    environment_["JWT_SECRET"] = "";
    EXPECT_EQ(run({"token", "--user", "ada", "--config", folder_ / "missing.toml"}), exit_configuration);
    EXPECT_TRUE(has(err(), "missing.toml"));
}

TEST_F(CommandLine, DoesNotNeedAModelToMakeAToken) {
    environment_["JWT_SECRET"] = good_secret;
    environment_["MONGO_URI"] = "mongodb://localhost";
    EXPECT_EQ(run({"token", "--user", "ada"}), exit_ok);
}

TEST_F(CommandLine, ChecksWhatGoesIntoAToken) {
    environment_["JWT_SECRET"] = good_secret;
    for (const char* ttl : {"soon", "0s", "-5m", "10", "", "999ms", "90000h"}) {
        EXPECT_EQ(run({"token", "--user", "ada", std::string("--ttl=") + ttl}), exit_usage) << ttl;
        EXPECT_TRUE(has(err(), "ttl")) << err();
    }
    EXPECT_EQ(run({"token", "--user", "ada", "--ttl", "1s"}), exit_ok);
    for (const std::string& user :
         {std::string(), std::string(256, 'u'), std::string("a\nb"), std::string("\xFF")}) {
        EXPECT_EQ(run({"token", "--user=" + user}), exit_usage) << user;
    }
    EXPECT_EQ(run({"token", "--user", std::string(255, 'u')}), exit_ok);
}

// --- check-config
// -----------------------------------------------------------------------------------------------

TEST_F(CommandLine, ShowsTheConfigurationInEffect) {
    serve_settings();
    EXPECT_EQ(run({"check-config"}), exit_ok) << err();
    EXPECT_TRUE(has(out(), "JWT_SECRET = (set)  # env JWT_SECRET\n"));
    EXPECT_TRUE(has(out(), "RATE_LIMIT = 100  # default\n"));
    EXPECT_FALSE(has(out() + err(), good_secret));
    EXPECT_FALSE(started_);
}

TEST_F(CommandLine, ShowsTheConfigurationEvenIfItIsWrong) {
    EXPECT_EQ(run({"check-config"}), exit_configuration);
    EXPECT_TRUE(has(out(), "JWT_SECRET = (not set)"));
    EXPECT_TRUE(has(err(), "chatbox: JWT_SECRET: "));
}

TEST(ListenFailure, IsOneLineThatTellsWhatToDo) {
    Config config;
    config.server.host = "::1";
    config.server.port = 80;
    EXPECT_EQ(listen_failure(config, "Address already in use"),
              "chatbox: SERVER_PORT: cannot listen on [::1]:80: Address already in use; stop what uses it, "
              "or choose another "
              "address with CHATBOX_HOST and SERVER_PORT");
    config.development = true;
    EXPECT_NE(listen_failure(config, "x").find("--port"), std::string::npos);
}

}  // namespace
}  // namespace chatbox::server
