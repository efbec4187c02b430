#include "server/secrets.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"

namespace chatbox::server {
namespace {

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        for (const int digit : {(c >> 4) & 15, c & 15}) out += "0123456789abcdef"[digit];
    }
    return out;
}

std::string random_bytes(std::mt19937_64& random, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
}

TEST(JwtSecret, ThatIsRandomIsNeverRefused) {
    // Always the same ones: of all that there are, one in a million has a short weak word by chance.
    std::mt19937_64 random(20'260'101);
    for (int i = 0; i < 1'000; ++i) {
        const std::string bytes = random_bytes(random, 32);
        std::string url = base::base64_encode(bytes);
        for (char& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
        std::string letters;
        for (int k = 0; k < 32; ++k) letters += static_cast<char>('a' + random() % 26);
        for (const std::string& secret :
             {base::base64_encode(bytes), url, hex(bytes), hex(bytes.substr(0, 16)), letters,
              base::base64_encode(bytes.substr(0, 24)), bytes}) {
            ASSERT_EQ(jwt_secret_mistake(secret), "") << secret;
        }
    }
}

TEST(JwtSecret, MadeAsWeAdviseMayHaveAShortWeakWordAnywhere) {
    const std::string advised = "kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae9Uo2Xi7Bq0E=";
    ASSERT_EQ(advised.size(), 44u);
    for (const char* word : {"1test2", "+DEMO/", "7Admin+"}) {
        std::string secret = advised;
        secret.replace(9, std::string_view(word).size(), word);
        EXPECT_EQ(jwt_secret_mistake(secret), "") << secret;
        EXPECT_NE(jwt_secret_mistake(secret.substr(0, 43)).find("word"), std::string::npos) << secret;
    }
    std::string secret = advised;
    secret.replace(9, 8, "password");
    EXPECT_NE(jwt_secret_mistake(secret).find("word"), std::string::npos);
}

TEST(JwtSecret, ThatWeGenerateIsAlwaysGood) {
    for (int i = 0; i < 1'000; ++i) ASSERT_EQ(jwt_secret_mistake(generate_secret()), "");
    EXPECT_NE(generate_secret(), generate_secret());
}

TEST(JwtSecret, HasAtLeast32Bytes) {
    const std::string good = "kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae";
    ASSERT_EQ(good.size(), 32u);
    EXPECT_EQ(jwt_secret_mistake(good), "");
    EXPECT_NE(jwt_secret_mistake(good.substr(1)).find("has 31 bytes"), std::string::npos);
}

TEST(JwtSecret, IsRequired) {
    EXPECT_NE(jwt_secret_mistake("").find("is required"), std::string::npos);
}

TEST(JwtSecret, IsNotWhatATemplateLeft) {
    const std::string strong = "kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae";
    for (const char* mark : {"REPLACE_WITH_X", "placeholder-x", "change-me", "CHANGE_ME", "your-key"}) {
        EXPECT_NE(jwt_secret_mistake(strong + mark).find("placeholder"), std::string::npos) << mark;
    }
}

TEST(JwtSecret, HasNoWordThatAttackersTryFirst) {
    for (const char* secret :
         {"my-secret-key-for-the-production-server!", "mysupersecretkeyforproduction1234567890",
          "SECRETkT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5", "kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5-test-Ae",
          "test123-kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae", "Admin/kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae",
          "kT9vXq2LmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae_DEMO", "this is the default value of the settings",
          "ExampleExampleXq2LmZ7wRb4Yc8Nd1Hf6", "changeme-changeme-changeme-changeme",
          "correct horse battery password staple"}) {
        EXPECT_NE(jwt_secret_mistake(secret).find("word"), std::string::npos) << secret;
    }
}

TEST(JwtSecret, MayHoldAShortWeakWordInsideOfRandomLetters) {
    for (const char* secret : {"kT9vXq2LtestwRb4Yc8Nd1Hf6Js3Gp5Ae", "kT9vXq2LmZ7wRbadminNd1Hf6Js3Gp5Ae",
                               "kT9vsEcReTmZ7wRb4Yc8Nd1Hf6Js3Gp5Ae", "kT9vXq2Lm12345b4Yc8Nd1Hf6Js3Gp5Ae"}) {
        EXPECT_EQ(jwt_secret_mistake(secret), "") << secret;
    }
}

TEST(JwtSecret, DoesNotRepeatItselfOrCount) {
    for (const std::string& secret :
         {std::string(64, 'a'), std::string("abababababababababababababababababab"),
          std::string("12345678901234567890123456789012"),
          std::string("qwertyqwertyqwertyqwertyqwertyqwerty"),
          std::string("abcdefghijklmnopqrstuvwxyz0123456789"),
          std::string("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb"), std::string("Xq2LmXq2LmXq2LmXq2LmXq2LmXq2LmXq2Lm"),
          std::string(1000, '\0'), std::string("zyxwvutsrqponmlkjihgfedcba9876543210"),
          std::string("hunter2hunter2hunter2hunter2hunter2!")}) {
        EXPECT_NE(jwt_secret_mistake(secret).find("repeats itself"), std::string::npos) << secret;
    }
}

TEST(JwtSecret, IsNeverQuotedInAMistake) {
    for (const char* secret :
         {"Xq2Lm-too-short", "Xq2Lm-password-kT9vRb4Yc8Nd1Hf6Js3Gp5", "Xq2LmXq2LmXq2LmXq2LmXq2LmXq2LmXq2Lm",
          "Xq2Lm-change-me-kT9vRb4Yc8Nd1Hf6Js3Gp5"}) {
        EXPECT_EQ(jwt_secret_mistake(secret).find("Xq2Lm"), std::string::npos);
        EXPECT_NE(jwt_secret_mistake(secret).find("openssl rand -base64 32"), std::string::npos);
    }
}

TEST(JwtSecret, OfAMegabyteIsCheckedAtOnce) {
    EXPECT_NE(jwt_secret_mistake(std::string(1 << 20, 'x')), "");
}

TEST(EncryptionKey, IsExactly32BytesAsTheyAre) {
    const std::string bare = "0123456789abcdef0123456789abcdeX";
    EXPECT_EQ(decode_encryption_key(bare).value(), bare);
    EXPECT_FALSE(decode_encryption_key(bare.substr(1)));
    EXPECT_FALSE(decode_encryption_key(bare + "Y"));
    EXPECT_FALSE(decode_encryption_key(""));
}

TEST(EncryptionKey, OfThatLengthMeansItselfEvenIfItLooksMarked) {
    const std::string bare = "hex:456789abcdef0123456789abcdef";
    EXPECT_EQ(decode_encryption_key(bare).value(), bare);
}

TEST(EncryptionKey, MayBeMarkedHexOrBase64) {
    std::string key;
    for (int i = 0; i < 32; ++i) key += static_cast<char>(i * 37);
    EXPECT_EQ(decode_encryption_key("hex:" + hex(key)).value(), key);
    std::string upper = hex(key);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(decode_encryption_key("hex:" + upper).value(), key);
    const std::string base64 = base::base64_encode(key);
    EXPECT_EQ(decode_encryption_key("base64:" + base64).value(), key);
    EXPECT_EQ(decode_encryption_key("base64:" + base64.substr(0, 43)).value(), key);
}

TEST(EncryptionKey, ThatIsEncodedWithoutTheMarkerIsRefusedWithAdvice) {
    const auto refused = decode_encryption_key(base::base64_encode(std::string(32, 'k')));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("has 44 bytes"), std::string::npos);
    EXPECT_NE(refused.error().detail.find("base64:"), std::string::npos);
}

TEST(EncryptionKey, ThatIsMarkedButBrokenIsRefused) {
    const std::string digits(64, 'a');
    const std::string base64 = base::base64_encode(std::string(32, 'k'));
    for (const std::string& bad :
         {"hex:" + digits.substr(1), "hex:" + digits + "ab", "hex:" + digits.substr(1) + "g",
          std::string("hex:"), "base64:" + base64 + "A", "base64:" + base64.substr(4),
          "base64:*" + base64.substr(1), "base64:" + base64.substr(0, 42) + "t=", "Base64:" + base64}) {
        EXPECT_FALSE(decode_encryption_key(bad)) << bad;
    }
}

TEST(EncryptionKey, IsNotWhatATemplateLeft) {
    const auto refused = decode_encryption_key("REPLACE_WITH_32_BYTES_ABCDEFGHIJ");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("placeholder"), std::string::npos);
}

}  // namespace
}  // namespace chatbox::server
