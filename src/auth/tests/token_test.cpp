#include "auth/token.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <random>

#include "base/text.h"

namespace chatbox::auth {
namespace {

using base::Millis;
using base::Time;

const std::string secret = "k3yM4teri4l-0f-exactly-forty-8-bytes-in-this-test";
constexpr Time now{Millis(1'770'000'000'000)};
constexpr std::int64_t now_s = 1'770'000'000;

std::string base64url(std::string_view bytes) {
    std::string text = base::base64_encode(bytes);
    while (!text.empty() && text.back() == '=') text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return text;
}

std::string hmac(const EVP_MD* hash, const std::string& key, const std::string& text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    HMAC(hash, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), out, &size);
    return {reinterpret_cast<char*>(out), size};
}

// Signs with OpenSSL, not with the library under test.
std::string token_of(const std::string& header, const std::string& claims, const EVP_MD* hash = EVP_sha256(),
                     const std::string& key = secret) {
    const std::string body = base64url(header) + "." + base64url(claims);
    return body + "." + base64url(hmac(hash, key, body));
}

std::string hs256(const std::string& claims) {
    return token_of(R"({"alg":"HS256","typ":"JWT"})", claims);
}

std::string claims_with(const std::string& more) {
    return R"({"user_id":"u1","roles":[],"exp":)" + std::to_string(now_s + 60) +
           (more.empty() ? "" : "," + more) + "}";
}

class Token : public testing::Test {
protected:
    base::Result<Identity> verify(std::string_view token, Time at = now) const {
        return verifier_->verify(token, at);
    }
    std::string refusal(std::string_view token, Time at = now) const {
        const auto result = verify(token, at);
        if (result) return "(accepted)";
        EXPECT_EQ(result.error().code, base::Errc::invalid);
        return result.error().detail;
    }
    std::unique_ptr<TokenVerifier> verifier_ = make_verifier({.secrets = {secret}});
};

TEST_F(Token, TellsWhoItIsAndUntilWhen) {
    const auto who =
        verify(hs256(R"({"user_id":"u1","name":"Ada","roles":["user","vip"],"exp":1770000060})"));
    ASSERT_TRUE(who);
    EXPECT_EQ(who->user.str(), "u1");
    EXPECT_EQ(who->name, "Ada");
    EXPECT_EQ(who->roles, (std::vector<std::string>{"user", "vip"}));
    EXPECT_EQ(who->expires, Time(Millis(1'770'000'060'000)));
    EXPECT_FALSE(who->is_admin());
}

TEST_F(Token, IsAnAdminsWithOneOfTwoExactRoles) {
    const auto admin = [&](const std::string& roles) {
        return verify(hs256(R"({"user_id":"u","exp":1770000060,"roles":)" + roles + "}")).value().is_admin();
    };
    EXPECT_TRUE(admin(R"(["admin"])"));
    EXPECT_TRUE(admin(R"(["user","chat_admin"])"));
    EXPECT_FALSE(admin(R"(["Admin"])"));
    EXPECT_FALSE(admin(R"(["administrator","admin "])"));
    EXPECT_FALSE(admin("[]"));
}

TEST_F(Token, IsAcceptedWithEachHmacOfTheStandard) {
    EXPECT_TRUE(verify(token_of(R"({"alg":"HS256"})", claims_with(""), EVP_sha256())));
    EXPECT_TRUE(verify(token_of(R"({"alg":"HS384"})", claims_with(""), EVP_sha384())));
    EXPECT_TRUE(verify(token_of(R"({"alg":"HS512","typ":"jwt"})", claims_with(""), EVP_sha512())));
}

TEST_F(Token, IsRefusedWithAnyOtherAlgorithm) {
    for (const char* header : {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"NONE"})",
                               R"({"alg":"hs256"})", R"({"alg":"RS256"})", R"({"alg":"ES256"})",
                               R"({"alg":"PS256"})", R"({"alg":"HS1"})", R"({"alg":""})", R"({"alg":null})",
                               R"({"alg":256})", R"({})", R"([])", R"("HS256")", "", R"({"alg":"HS256 "})"}) {
        EXPECT_FALSE(verify(token_of(header, claims_with("")))) << header;
        EXPECT_FALSE(verify(base64url(header) + "." + base64url(claims_with("")) + ".")) << header;
    }
}

TEST_F(Token, IsRefusedWhenTheHashIsNotTheOneOfTheHeader) {
    EXPECT_FALSE(verify(token_of(R"({"alg":"HS512"})", claims_with(""), EVP_sha256())));
    EXPECT_FALSE(verify(token_of(R"({"alg":"HS256"})", claims_with(""), EVP_sha512())));
}

TEST_F(Token, IsRefusedWithACriticalExtensionThatWeDoNotKnow) {
    EXPECT_EQ(refusal(token_of(R"({"alg":"HS256","crit":["exp"]})", claims_with(""))),
              "the header has critical extensions");
}

TEST_F(Token, OfAnotherSecretIsRefused) {
    EXPECT_FALSE(verify(token_of(R"({"alg":"HS256"})", claims_with(""), EVP_sha256(), secret + "x")));
    EXPECT_FALSE(verify(token_of(R"({"alg":"HS256"})", claims_with(""), EVP_sha256(), "")));
}

TEST_F(Token, WithAnySingleCharacterChangedIsRefused) {
    const std::string good = hs256(claims_with(R"("name":"Ada")"));
    ASSERT_TRUE(verify(good));
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(verify(bad)) << i;
        bad.erase(i, 1);
        EXPECT_FALSE(verify(bad)) << i;
    }
}

TEST_F(Token, AcceptsTheSignatureOfTheStandardsExample) {
    // RFC 7515 appendix A.1: valid signature, no user_id.
    const std::string key_text =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    std::string standard = key_text + "==";
    for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
    std::string key(standard.size(), '\0');
    ASSERT_EQ(EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                              reinterpret_cast<const unsigned char*>(standard.data()),
                              static_cast<int>(standard.size())),
              66);
    key.resize(64);
    const auto verifier = make_verifier({.secrets = {key}});
    const std::string token =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const Time before{Millis(1'300'819'379'999)};
    EXPECT_EQ(verifier->verify(token, before).error().detail, "user_id is missing or not a string");
    EXPECT_EQ(verifier->verify(token, before + Millis(1)).error().detail, "expired");
}

TEST_F(Token, ExpiresAtTheVeryMillisecond) {
    const std::string token = hs256(R"({"user_id":"u","roles":[],"exp":1770000000})");
    EXPECT_TRUE(verify(token, now - Millis(1)));
    EXPECT_EQ(refusal(token, now), "expired");
    EXPECT_EQ(refusal(token, now + Millis(1)), "expired");
}

TEST_F(Token, MayExpireAtAFractionOfASecond) {
    const std::string token = hs256(R"({"user_id":"u","roles":[],"exp":1770000000.25})");
    EXPECT_TRUE(verify(token, now + Millis(249)));
    EXPECT_EQ(refusal(token, now + Millis(250)), "expired");
    EXPECT_EQ(verify(token, now)->expires, now + Millis(250));
    EXPECT_TRUE(verify(hs256(R"({"user_id":"u","roles":[],"exp":1.77e9})"), now - Millis(1)));
}

TEST_F(Token, WithoutAUsableExpiryIsRefused) {
    EXPECT_EQ(refusal(hs256(R"({"user_id":"u","roles":[]})")), "exp is missing");
    for (const char* exp : {"null", "true", "\"1770000060\"", "[1770000060]", "{}"}) {
        EXPECT_EQ(refusal(hs256(std::string(R"({"user_id":"u","roles":[],"exp":)") + exp + "}")),
                  "exp is not a number");
    }
    for (const char* exp : {"0", "-1", "-1e300", "0.0"}) {
        EXPECT_EQ(refusal(hs256(std::string(R"({"user_id":"u","roles":[],"exp":)") + exp + "}")), "expired")
            << exp;
    }
    for (const char* exp : {"1e999", "NaN", "Infinity", "1770000060,\"exp\":"}) {
        EXPECT_FALSE(verify(hs256(std::string(R"({"user_id":"u","roles":[],"exp":)") + exp + "}"))) << exp;
    }
}

TEST_F(Token, ThatExpiresInTheFarFutureGetsAnExpiryThatClocksCanHold) {
    for (const char* exp : {"9223372036854775807", "99999999999999999999", "1e300"}) {
        const auto who = verify(hs256(std::string(R"({"user_id":"u","roles":[],"exp":)") + exp + "}"));
        ASSERT_TRUE(who) << exp;
        EXPECT_GT(who->expires, now + std::chrono::years(99));
        EXPECT_LT(who->expires, now + std::chrono::years(101));
    }
}

TEST_F(Token, MayBeLateOrEarlyByTheLeeway) {
    const auto verifier = make_verifier({.secrets = {secret}, .leeway = Millis(5000)});
    const std::string late = hs256(claims_with(""));
    const Time end = now + Millis(65'000);
    EXPECT_TRUE(verifier->verify(late, end - Millis(1)));
    EXPECT_FALSE(verifier->verify(late, end));
    EXPECT_EQ(verifier->verify(late, now)->expires, end);
    const std::string early = hs256(claims_with(R"("nbf":1770000010)"));
    EXPECT_TRUE(verifier->verify(early, now + Millis(5'000)));
    EXPECT_FALSE(verifier->verify(early, now + Millis(4'999)));
    const auto forever = make_verifier({.secrets = {secret}, .leeway = Millis(1'800'000'000'000)});
    EXPECT_FALSE(forever->verify(hs256(R"({"user_id":"u","roles":[],"exp":0})"), now)) << "0 is not a date";
}

TEST_F(Token, IsOfAKnownIssuerWhenThereAreSome) {
    const auto verifier = make_verifier({.secrets = {secret}, .issuers = {"https://a", "https://b"}});
    EXPECT_TRUE(verifier->verify(hs256(claims_with(R"("iss":"https://a")")), now));
    EXPECT_TRUE(verifier->verify(hs256(claims_with(R"("iss":"https://b")")), now));
    for (const char* iss : {R"("iss":"https://c")", R"("iss":"https://a/")", R"("iss":"HTTPS://A")",
                            R"("iss":"")", R"("iss":["https://a"])", R"("iss":null)", R"("iss":1)", ""}) {
        EXPECT_FALSE(verifier->verify(hs256(claims_with(iss)), now)) << iss;
    }
    EXPECT_TRUE(verify(hs256(claims_with(R"("iss":17)")))) << "otherwise it is not looked at";
}

TEST_F(Token, IsMeantForUsWhenWeHaveAName) {
    const auto verifier = make_verifier({.secrets = {secret}, .audiences = {"chat", "support"}});
    for (const char* aud :
         {R"("aud":"chat")", R"("aud":"support")", R"("aud":["x","chat"])", R"("aud":[1,"chat"])"})
        EXPECT_TRUE(verifier->verify(hs256(claims_with(aud)), now)) << aud;
    for (const char* aud : {R"("aud":"x")", R"("aud":"cha")", R"("aud":[])", R"("aud":["x"])",
                            R"("aud":{"chat":1})", R"("aud":[["chat"]])", R"("aud":null)", ""}) {
        EXPECT_FALSE(verifier->verify(hs256(claims_with(aud)), now)) << aud;
    }
}

TEST_F(Token, MayBeSignedWithAnyOfSeveralSecrets) {
    const auto verifier = make_verifier({.secrets = {"the new secret of this test, 0192", secret}});
    EXPECT_TRUE(verifier->verify(hs256(claims_with("")), now));
    const Identity ada{model::UserId("ada"), "Ada", {}, now + Millis(1000)};
    EXPECT_TRUE(verifier->verify(sign_token(ada, now, "the new secret of this test, 0192"), now));
    EXPECT_FALSE(verifier->verify(sign_token(ada, now, "another secret of this test, 0192"), now));
    EXPECT_THROW(make_verifier({.secrets = {secret, ""}}), std::invalid_argument);
    EXPECT_THROW(make_verifier({}), std::invalid_argument);
}

TEST_F(Token, SaysWhereItIsFromWhenItIsSignedHere) {
    const auto verifier = make_verifier({.secrets = {secret}, .issuers = {"us"}, .audiences = {"chat"}});
    const Identity ada{model::UserId("ada"), "Ada", {}, now + Millis(1000)};
    EXPECT_TRUE(verifier->verify(sign_token(ada, now, secret, {"us", "chat"}), now));
    EXPECT_FALSE(verifier->verify(sign_token(ada, now, secret), now));
}

TEST_F(Token, WhoseKeyIdIsNotTextIsRefused) {
    EXPECT_FALSE(verify(token_of(R"({"alg":"HS256","kid":1})", claims_with(""))));
    EXPECT_TRUE(verify(token_of(R"({"alg":"HS256","kid":"any"})", claims_with(""))));
}

TEST_F(Token, IsNotValidBeforeItsBeginning) {
    const std::string token = hs256(claims_with(R"("nbf":1770000000)"));
    EXPECT_EQ(refusal(token, now - Millis(1)), "not valid yet");
    EXPECT_TRUE(verify(token, now));
    EXPECT_EQ(refusal(hs256(claims_with(R"("nbf":"1")"))), "nbf is not a number");
}

TEST_F(Token, NeedsAUserIdThatCanBeUsed) {
    const auto with_user = [](const std::string& json) {
        return hs256(R"({"roles":[],"exp":1770000060,"user_id":)" + json + "}");
    };
    EXPECT_FALSE(verify(hs256(R"({"roles":[],"exp":1770000060})")));
    for (const char* user : {"null", "7", "[\"u\"]", "\"\"", "true"})
        EXPECT_FALSE(verify(with_user(user))) << user;
    EXPECT_TRUE(verify(with_user("\"" + std::string(255, 'u') + "\"")));
    EXPECT_EQ(refusal(with_user("\"" + std::string(256, 'u') + "\"")), "user_id is too long");
    for (const char* user : {R"("a\nb")", R"("\u0001")", R"("a\u007f")", R"("\u0085")", R"("a\u0000b")"}) {
        EXPECT_FALSE(verify(with_user(user))) << user;
    }
    EXPECT_EQ(verify(with_user(R"("Zo\u00eb \u4e2d")"))->user.str(), "Zo\xC3\xAB \xE4\xB8\xAD");
}

TEST_F(Token, NeedsRolesThatAreAllStrings) {
    for (const char* roles : {"null", "\"admin\"", "{}", "[1]", "[\"a\",null]", "[[\"admin\"]]"}) {
        EXPECT_FALSE(verify(hs256(std::string(R"({"user_id":"u","exp":1770000060,"roles":)") + roles + "}")))
            << roles;
    }
    EXPECT_EQ(refusal(hs256(R"({"user_id":"u","exp":1770000060})")), "roles is missing or not an array");
}

TEST_F(Token, ShowsTheUserIdWhenItsNameCannotBeShown) {
    for (const char* name : {"\"\"", "null", "7", R"("  \u00a0 ")", R"("a\u0007b")"}) {
        EXPECT_EQ(verify(hs256(claims_with(std::string("\"name\":") + name)))->name, "u1") << name;
    }
    EXPECT_EQ(verify(hs256(claims_with("")))->name, "u1");
    EXPECT_EQ(verify(hs256(claims_with(R"("name":"  Ada ")")))->name, "Ada");
}

TEST_F(Token, CutsALongNameBetweenCharacters) {
    std::string name(254, 'n');
    name += "\xC3\xAB";
    EXPECT_EQ(verify(hs256(claims_with("\"name\":\"" + name + "\"")))->name, std::string(254, 'n'));
}

TEST_F(Token, WhoseClaimsAreNotAnObjectIsRefused) {
    for (const char* claims : {"", "null", "[]", "\"x\"", "7", "{", "{}{}", "{\"user_id\":\"\xFF\"}"}) {
        EXPECT_FALSE(verify(hs256(claims))) << claims;
    }
    std::string deep;
    for (int i = 0; i < 1000; ++i) deep += "[";
    EXPECT_FALSE(verify(hs256(claims_with("\"x\":" + deep + std::string(1000, ']')))));
}

TEST_F(Token, ThatIsNotThreePartsOfBase64UrlIsRefusedBeforeAnythingElse) {
    const std::string good = hs256(claims_with(""));
    for (const std::string& bad :
         {std::string(), std::string("."), std::string(".."), std::string("..."), "Bearer " + good,
          good + " ", " " + good, good + ".", good + "=", good + std::string(1, '\0'),
          good.substr(0, good.rfind('.')), good + "\n", std::string("\0.\0.\0", 5), std::string("a.b")}) {
        EXPECT_FALSE(verify(bad)) << bad;
    }
    EXPECT_EQ(refusal(good + "="), "not three parts of base64url");
}

TEST_F(Token, LongerThanEightKibibytesIsRefused) {
    const auto with_padding = [](std::size_t n) {
        return hs256(claims_with("\"p\":\"" + std::string(n, 'x') + "\""));
    };
    std::size_t padding = 5900;
    while (with_padding(padding + 1).size() <= 8192) ++padding;
    EXPECT_TRUE(verify(with_padding(padding)));
    EXPECT_EQ(refusal(with_padding(padding + 3)), "longer than 8 KiB");
    EXPECT_FALSE(verify(std::string(1 << 20, 'a')));
}

TEST_F(Token, RefusalNeverQuotesTheToken) {
    const std::string token =
        token_of(R"({"alg":"HS256"})", claims_with(R"("x":"TELLTALE")"), EVP_sha256(), "other");
    EXPECT_EQ(refusal(token), "the signature does not match");
}

TEST_F(Token, OfGarbageNeverCrashes) {
    std::mt19937 random(7);
    const std::string alphabet = "ABCDEFabcdef0189-_.";
    for (int i = 0; i < 20'000; ++i) {
        std::string text(random() % 200, ' ');
        for (char& c : text) c = i % 2 ? alphabet[random() % alphabet.size()] : static_cast<char>(random());
        EXPECT_FALSE(verify(text));
    }
}

TEST_F(Token, ThatWeSignedIsAccepted) {
    const Identity ada{model::UserId("Zo\xC3\xAB \"x\""), "Ada \\ L", {"admin", "a,b"}, now + Millis(60'000)};
    const auto who = verify(sign_token(ada, now, secret));
    ASSERT_TRUE(who);
    EXPECT_EQ(who->user, ada.user);
    EXPECT_EQ(who->name, ada.name);
    EXPECT_EQ(who->roles, ada.roles);
    EXPECT_EQ(who->expires, ada.expires);
}

TEST_F(Token, WithoutANameCanBeSigned) {
    EXPECT_EQ(verify(sign_token({model::UserId("u"), "", {}, now + Millis(1000)}, now, secret))->name, "u");
}

TEST(TokenSecret, MayHoldAnyBytes) {
    const std::string bytes("\0\xFF secret \n with NUL", 20);
    const auto verifier = make_verifier({.secrets = {bytes}});
    EXPECT_TRUE(
        verifier->verify(sign_token({model::UserId("u"), "", {}, now + Millis(1000)}, now, bytes), now));
    EXPECT_FALSE(verifier->verify(
        token_of(R"({"alg":"HS256"})", claims_with(""), EVP_sha256(), bytes.substr(0, 1)), now));
}

TEST(TokenSecret, IsNeverEmpty) {
    EXPECT_THROW(make_verifier({.secrets = {""}}), std::invalid_argument);
    EXPECT_THROW(sign_token({model::UserId("u"), "", {}, now}, now, ""), std::invalid_argument);
}

}  // namespace
}  // namespace chatbox::auth
