#include "auth/keys.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <boost/asio/post.hpp>

#include "auth/token.h"
#include "test_keys.h"

namespace chatbox::auth {
namespace {

using base::Errc;
using base::Millis;
using testing::base64url;
using testing::key_set;
using testing::KeyPair;

constexpr base::Time now{Millis(1'770'000'000'000)};
const std::string claims = R"({"user_id":"ada","roles":["user"],"exp":1770000060})";

// A source that knows what it was given.
class FixedKeys final : public KeySource {
public:
    explicit FixedKeys(std::string_view set)
        : keys_(std::make_shared<const KeySet>(read_key_set(set).value().keys)) {}
    Keys keys() const override { return keys_; }
    void renew(Wake wake) override { boost::asio::post(wake.on, wake.call); }

private:
    Keys keys_;
};

struct Case {
    std::string alg, kind;
};
const std::vector<Case> cases{
    {"RS256", "RSA"}, {"PS256", "RSA"}, {"ES256", "P-256"}, {"ES384", "P-384"}, {"EdDSA", "Ed25519"}};

// One pair of each kind for all tests: RSA keys take a while to make.
const KeyPair& pair_of(const std::string& kind) {
    static std::map<std::string, KeyPair> pairs;
    return pairs.try_emplace(kind, kind).first->second;
}

base::Result<Identity> verify_with(std::string_view set, std::string_view token,
                                   std::vector<std::string> secrets = {}) {
    FixedKeys keys(set);
    return make_verifier({.secrets = std::move(secrets)}, &keys)->verify(token, now);
}

Errc refusal(std::string_view set, std::string_view token) {
    const auto result = verify_with(set, token);
    EXPECT_FALSE(result);
    return result ? Errc::internal : result.error().code;
}

TEST(PublicKeys, VerifyEachAlgorithmOfTheirKind) {
    for (const auto& [alg, kind] : cases) {
        const KeyPair& pair = pair_of(kind);
        const auto who = verify_with(key_set({pair.jwk("k1")}), pair.token(alg, "k1", claims));
        ASSERT_TRUE(who) << alg << ": " << who.error().detail;
        EXPECT_EQ(who->user.str(), "ada");
    }
}

TEST(PublicKeys, RefuseASignatureOfAnyOtherAlgorithm) {
    for (const auto& [kind_alg, kind] : cases) {
        const KeyPair& pair = pair_of(kind);
        for (const auto& [alg, other] : cases) {
            if (alg == kind_alg) continue;
            // Signed rightly, but the header says something else.
            const std::string header = R"({"kid":"k1","alg":")" + alg + "\"}";
            EXPECT_EQ(refusal(key_set({pair.jwk("k1")}), pair.sign(kind_alg, header, claims)), Errc::invalid)
                << kind_alg << " as " << alg;
        }
    }
}

TEST(PublicKeys, AreNeverUsedAsASharedSecret) {
    for (const auto& [alg, kind] : cases) {
        const KeyPair& pair = pair_of(kind);
        const std::string set = key_set({pair.jwk("k1")});
        for (const std::string& secret : {pair.public_der(), pair.jwk("k1"), set}) {
            const std::string body = base64url(R"({"alg":"HS256","kid":"k1"})") + "." + base64url(claims);
            unsigned char out[EVP_MAX_MD_SIZE];
            unsigned size = 0;
            HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                 reinterpret_cast<const unsigned char*>(body.data()), body.size(), out, &size);
            const std::string token = body + "." + base64url({reinterpret_cast<char*>(out), size});
            EXPECT_EQ(refusal(set, token), Errc::invalid) << alg;
            EXPECT_FALSE(verify_with(set, token, {"another secret that is long enough for this test"}));
        }
    }
}

TEST(PublicKeys, DoNotAcceptATokenThatIsNotSigned) {
    const std::string set = key_set({pair_of("RSA").jwk("k1")});
    for (const char* alg : {"none", "None", "NONE", ""}) {
        const std::string header = base64url(R"({"kid":"k1","alg":")" + std::string(alg) + "\"}");
        EXPECT_EQ(refusal(set, header + "." + base64url(claims) + "."), Errc::invalid);
    }
    const std::string header = base64url(R"({"kid":"k1","alg":"RS256"})");
    EXPECT_EQ(refusal(set, header + "." + base64url(claims) + "."), Errc::invalid);
}

TEST(PublicKeys, RefuseAnyChangeOfTokenOrSignature) {
    for (const auto& [alg, kind] : cases) {
        const KeyPair& pair = pair_of(kind);
        const std::string set = key_set({pair.jwk("k1")});
        const std::string good = pair.token(alg, "k1", claims);
        FixedKeys keys(set);
        const auto verifier = make_verifier({}, &keys);
        for (std::size_t i = good.find('.') + 1; i < good.size(); i += 7) {
            std::string bad = good;
            bad[i] = bad[i] == 'A' ? 'B' : 'A';
            if (bad != good) {
                EXPECT_FALSE(verifier->verify(bad, now)) << alg << " at " << i;
            }
        }
        EXPECT_FALSE(verifier->verify(good + "AA", now));
        EXPECT_FALSE(verifier->verify(good.substr(0, good.size() - 4), now));
        const std::string zeros = base64url(std::string(pair.signature(alg, "x").size(), '\0'));
        EXPECT_FALSE(verifier->verify(good.substr(0, good.rfind('.') + 1) + zeros, now)) << alg;
    }
}

TEST(PublicKeys, DoNotTakeAnEcSignatureInDer) {
    // What OpenSSL writes by itself; RFC 7518 wants the two numbers.
    const KeyPair& pair = pair_of("P-256");
    const std::string good = pair.token("ES256", "k1", claims);
    const std::string der = "\x30\x06\x02\x01\x01\x02\x01\x01";
    EXPECT_EQ(refusal(key_set({pair.jwk("k1")}), good.substr(0, good.rfind('.') + 1) + base64url(der)),
              Errc::invalid);
}

TEST(PublicKeys, AreChosenByTheKeyIdOfTheToken) {
    const KeyPair& first = pair_of("P-256");
    const KeyPair second("P-256");
    const std::string set = key_set({first.jwk("k1"), second.jwk("k2")});
    EXPECT_TRUE(verify_with(set, first.token("ES256", "k1", claims)));
    EXPECT_TRUE(verify_with(set, second.token("ES256", "k2", claims)));
    EXPECT_EQ(refusal(set, first.token("ES256", "k2", claims)), Errc::invalid) << "the key is known";
    EXPECT_EQ(refusal(set, first.token("ES256", "k3", claims)), Errc::unavailable) << "it may be new";
}

TEST(PublicKeys, AreTriedWhenTheTokenOrTheKeyHasNoId) {
    const KeyPair& first = pair_of("P-256");
    const KeyPair second("P-256");
    const std::string set = key_set({first.jwk("k1"), second.jwk("")});
    EXPECT_TRUE(verify_with(set, first.token("ES256", "", claims)));
    EXPECT_TRUE(verify_with(set, second.token("ES256", "", claims)));
    EXPECT_TRUE(verify_with(set, second.token("ES256", "whatever", claims)));
    EXPECT_EQ(refusal(set, KeyPair("P-256").token("ES256", "", claims)), Errc::unavailable);
}

TEST(PublicKeys, LeaveSharedSecretsTheirTokens) {
    const std::string secret = "k3yM4teri4l-0f-exactly-forty-8-bytes-in-this-test";
    const Identity ada{model::UserId("ada"), "Ada", {}, now + Millis(1000)};
    EXPECT_TRUE(verify_with(key_set({pair_of("RSA").jwk("k1")}), sign_token(ada, now, secret), {secret}));
}

TEST(PublicKeys, WithAnAlgorithmOfTheirOwnTakeOnlyThat) {
    const KeyPair& rsa = pair_of("RSA");
    const std::string only_ps = key_set({rsa.jwk("k1", R"(,"alg":"PS256")")});
    EXPECT_TRUE(verify_with(only_ps, rsa.token("PS256", "k1", claims)));
    EXPECT_EQ(refusal(only_ps, rsa.token("RS256", "k1", claims)), Errc::invalid);
}

TEST(PublicKeys, InTheHeaderOfATokenAreIgnored) {
    const KeyPair stranger("P-256");
    const std::string header = R"({"alg":"ES256","kid":"k1","jwk":)" + stranger.jwk("k1") + "}";
    EXPECT_EQ(refusal(key_set({pair_of("P-256").jwk("k1")}), stranger.sign("ES256", header, claims)),
              Errc::invalid);
}

// --- reading sets ---

std::string complaint(std::string_view set) {
    const auto read = read_key_set(set);
    return read ? "(taken)" : read.error().detail;
}

TEST(KeySets, SkipWhatIsNotForUs) {
    const std::string good = pair_of("P-256").jwk("good");
    const KeyPair& rsa = pair_of("RSA");
    for (const std::string& other : {rsa.jwk("x", R"(,"use":"enc")"),
                                     rsa.jwk("x", R"(,"key_ops":["encrypt"])"),
                                     rsa.jwk("x", R"(,"key_ops":"verify")"),
                                     rsa.jwk("x", R"(,"alg":"RSA-OAEP")"),
                                     rsa.jwk("x", R"(,"alg":"ES256")"),
                                     rsa.jwk("x", R"(,"alg":"none")"),
                                     rsa.jwk("x", R"(,"d":"AQAB")"),
                                     KeyPair("RSA", 1024).jwk("x"),
                                     rsa.jwk(std::string(513, 'k')),
                                     std::string("{}"),
                                     std::string("[]"),
                                     std::string("null"),
                                     std::string(R"({"kty":"oct","k":"AAAA"})"),
                                     std::string(R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})"),
                                     std::string(R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})"),
                                     std::string(R"({"kty":"OKP","crv":"X25519","x":"AA"})"),
                                     std::string(R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"),
                                     std::string(R"({"kty":"RSA","n":1,"e":"AQAB"})"),
                                     std::string(R"({"kty":"RSA","e":"AQAB"})"),
                                     std::string(R"({"kty":17})")}) {
        const auto read = read_key_set(key_set({other, good}));
        ASSERT_TRUE(read) << other;
        EXPECT_EQ(read->keys.size(), 1U) << other;
        EXPECT_EQ(read->keys.front()->id(), "good");
        EXPECT_EQ(read->skipped.size(), 1U) << other;
    }
}

TEST(KeySets, SkipRsaKeysWithAnExponentThatProtectsNothing) {
    const std::string n = base64url(std::string(256, '\xFF'));
    for (const char* e : {"AQ", "AA", "Ag", "AQAA", ""}) {
        EXPECT_NE(complaint(R"({"keys":[{"kty":"RSA","n":")" + n + R"(","e":")" + e + "\"}]}"), "(taken)")
            << e;
    }
    EXPECT_EQ(complaint(R"({"keys":[{"kty":"RSA","n":")" + n + R"(","e":"AQAB"}]})"), "(taken)");
}

TEST(KeySets, SkipPointsThatAreNotOnTheCurve) {
    const std::string one = base64url(std::string(31, '\0') + "\x01");
    EXPECT_NE(complaint(R"({"keys":[{"kty":"EC","crv":"P-256","x":")" + one + R"(","y":")" + one + "\"}]}"),
              "(taken)");
}

TEST(KeySets, ThatAreNoneAreRefused) {
    for (const char* text : {"", "{", "[]", "null", "{}", R"({"keys":{}})", R"({"keys":null})",
                             R"({"keys":[]})", R"({"keys":[{}]})", "<html></html>", "\xFF\xFE"}) {
        EXPECT_NE(complaint(text), "(taken)") << text;
    }
}

TEST(KeySets, HaveALimitedNumberOfKeys) {
    const auto set_of = [](std::size_t count) {
        std::string list;
        for (std::size_t i = 0; i < count; ++i)
            list += (list.empty() ? "" : ",") + pair_of("Ed25519").jwk("k" + std::to_string(i));
        return R"({"keys":[)" + list + "]}";
    };
    EXPECT_EQ(read_key_set(set_of(max_keys))->keys.size(), max_keys);
    EXPECT_EQ(complaint(set_of(max_keys + 1)), "it has more than 64 keys");
}

}  // namespace
}  // namespace chatbox::auth
