#include "support/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <ctime>
#include <vector>

namespace chatbox::bench {
namespace {

std::string base64url(std::string_view bytes) {
    std::vector<unsigned char> out(4 * ((bytes.size() + 2) / 3) + 1);
    const int length = EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(bytes.size()));
    std::string text;
    for (int i = 0; i < length; ++i) {
        const char c = static_cast<char>(out[static_cast<std::size_t>(i)]);
        if (c != '=') text += c == '+' ? '-' : c == '/' ? '_' : c;
    }
    return text;
}

}  // namespace

std::string sign_token(std::string_view user_id, std::string_view secret) {
    const long expires = static_cast<long>(std::time(nullptr)) + 86'400;
    const std::string claims =
        R"({"user_id":")" + std::string(user_id) + R"(","roles":[],"exp":)" + std::to_string(expires) + "}";
    std::string token = base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(claims);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data(), &size);
    token += "." + base64url({reinterpret_cast<const char*>(digest.data()), size});
    return token;
}

}  // namespace chatbox::bench
