#include "addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include "values.h"

namespace chatbox::server {

namespace {

constexpr std::string_view letters_and_digits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool consists_of(std::string_view text, std::string_view more) {
    return std::ranges::all_of(text, [&](char c) {
        return letters_and_digits.find(c) != std::string_view::npos || more.find(c) != std::string_view::npos;
    });
}

bool is_printable_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

struct Url {
    std::string scheme;  // lower case
    std::string host;    // lower case; IPv6 without brackets
    std::string port;    // digits or empty
    bool has_user = false;
    std::string_view rest;  // path, query, fragment
};

std::optional<int> number_up_to(std::string_view text, int max) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > max)
        return std::nullopt;
    return value;
}

bool is_ipv6(const std::string& text) {
    std::array<unsigned char, 16> out{};
    return ::inet_pton(AF_INET6, text.c_str(), out.data()) == 1;
}

// Splits "host:port" or "[v6]:port". False if it is neither.
bool split_authority(std::string_view authority, Url& url) {
    std::string_view port;
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos) return false;
        url.host = lower(authority.substr(1, end - 1));
        if (!is_ipv6(url.host)) return false;
        port = authority.substr(end + 1);
    } else {
        const std::size_t colon = authority.find(':');
        url.host = lower(authority.substr(0, colon));
        if (!consists_of(url.host, "-._")) return false;
        port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
    }
    if (port.empty()) return true;
    const auto number = port.front() == ':' ? number_up_to(port.substr(1), 65535) : std::nullopt;
    if (!number || *number == 0) return false;
    url.port = std::to_string(*number);
    return true;
}

std::optional<Url> split_url(std::string_view text) {
    const std::size_t mark = text.find("://");
    if (mark == std::string_view::npos || mark == 0 || !is_printable_ascii(text)) return std::nullopt;
    Url url;
    url.scheme = lower(text.substr(0, mark));
    if (!consists_of(url.scheme, "+-.")) return std::nullopt;
    text.remove_prefix(mark + 3);
    const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
    std::string_view authority = text.substr(0, end);
    url.rest = text.substr(end);
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        url.has_user = true;
        authority.remove_prefix(at + 1);
    }
    if (!split_authority(authority, url)) return std::nullopt;
    return url;
}

bool is_internal_ipv4(std::uint32_t address) {
    const auto within = [&](std::uint32_t network, int bits) {
        return address >> (32 - bits) == network >> (32 - bits);
    };
    return within(0x7F000000, 8) || within(0x0A000000, 8) || within(0xAC100000, 12) || within(0xC0A80000, 16);
}

bool is_internal_ipv6(const std::array<unsigned char, 16>& a) {
    static constexpr std::array<unsigned char, 16> loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return a == loopback || (a[0] & 0xFE) == 0xFC || (a[0] == 0xFE && (a[1] & 0xC0) == 0x80);
}

}  // namespace

bool is_internal_host(std::string_view host) {
    const std::string name = lower(host);
    std::uint32_t v4 = 0;
    if (::inet_pton(AF_INET, name.c_str(), &v4) == 1) return is_internal_ipv4(ntohl(v4));
    std::array<unsigned char, 16> v6{};
    if (::inet_pton(AF_INET6, name.c_str(), v6.data()) == 1) return is_internal_ipv6(v6);
    // All digits: a public address in disguise (http://2130706433/).
    if (name.empty() || name.find_first_not_of("0123456789") == std::string::npos || name.starts_with("0x"))
        return false;
    if (name.find('.') == std::string::npos) return true;
    return std::ranges::any_of(
        std::array<std::string_view, 4>{".local", ".internal", ".svc", ".cluster.local"},
        [&](std::string_view end) { return name.size() > end.size() && name.ends_with(end); });
}

std::string web_url_mistake(std::string_view text) {
    const auto url = split_url(text);
    if (!url || url->host.empty() || (url->scheme != "http" && url->scheme != "https")) {
        return "must be an absolute URL, such as https://www.example.com/path, not " + in_quotes(text);
    }
    return {};
}

std::string host_of(std::string_view text) {
    const auto url = split_url(text);
    return url ? url->host : std::string();
}

std::string host_mistake(std::string_view host) {
    if (!host.empty() && (is_ipv6(std::string(host)) || consists_of(host, "-._"))) return {};
    return "must be host names or IP addresses without scheme, port or path, but has " + in_quotes(host);
}

namespace {

// The names of parameters are told when something is wrong, and URLs end up in logs of proxies.
bool has_key_in_query(std::string_view rest) {
    const std::size_t mark = rest.find('?');
    if (mark == std::string_view::npos) return false;
    const std::string query = "&" + lower(rest.substr(mark + 1));
    return std::ranges::any_of(
        std::array<std::string_view, 6>{"key=", "api_key=", "api-key=", "apikey=", "token=", "access_token="},
        [&](std::string_view name) { return query.find("&" + std::string(name)) != std::string::npos; });
}

}  // namespace

std::string endpoint_mistake(std::string_view text, const std::vector<std::string>& internal_hosts) {
    // A URL with a user may hold a password: it is not quoted.
    const auto url = split_url(text);
    if (url && url->has_user)
        return "must not have a user or password in the URL; put the key into the API key setting";
    if (std::string wrong = web_url_mistake(text); !wrong.empty()) return wrong;
    if (has_key_in_query(url->rest)) return "must not have a key in the URL; put it into the API key setting";
    if (url->rest.find('#') != std::string_view::npos)
        return "must not have a fragment, but is " + in_quotes(text);
    const bool listed = std::ranges::count(internal_hosts, url->host) != 0;
    if (url->scheme == "http" && !listed && !is_internal_host(url->host)) {
        return "must use https: http is for hosts of your own network only, and " + in_quotes(url->host) +
               " is none; if it is, add it to CHATBOX_INTERNAL_HOSTS";
    }
    return {};
}

std::string key_url_mistake(std::string_view text) {
    const auto url = split_url(text);
    if (!url || url->host.empty() || (url->scheme != "http" && url->scheme != "https"))
        return "must be an absolute URL, such as https://id.example.com/.well-known/jwks.json";
    if (url->has_user) return "must not have a user or password in it";
    if (url->rest.find('#') != std::string_view::npos) return "must not have a fragment";
    if (url->scheme == "http" && !is_internal_host(url->host)) {
        return "must use https: who can change the answer can sign in as anybody. http is for hosts of your "
               "own "
               "network only, and " +
               in_quotes(url->host) + " is none";
    }
    return {};
}

bool is_plain_http(std::string_view url) {
    return lower(url.substr(0, 7)) == "http://";
}

std::string origin_mistake(std::string_view origin) {
    if (origin == "null") return {};
    const std::string form = "must be origins such as https://www.example.com or http://localhost:3000";
    if (origin == "*") return form + "; * would let every site in";
    const auto url = split_url(origin);
    if (!url || url->has_user) return form + ", but has " + in_quotes(origin);
    if (url->host.empty() && url->scheme != "file")
        return form + ", but " + in_quotes(origin) + " has no host";
    if (!url->rest.empty()) {
        return form + ", but " + in_quotes(origin) + " goes on behind the host; remove " +
               in_quotes(url->rest);
    }
    return {};
}

std::string normal_origin(std::string_view origin) {
    std::string low = lower(origin);
    const auto drop = [&](std::string_view scheme, std::string_view port) {
        if (low.starts_with(scheme) && low.ends_with(port)) low.resize(low.size() - port.size());
    };
    drop("https://", ":443");
    drop("http://", ":80");
    return low;
}

std::string network_mistake(std::string_view network) {
    const std::size_t slash = network.find('/');
    const std::string address(network.substr(0, slash));
    std::array<unsigned char, 16> out{};
    const bool v4 = ::inet_pton(AF_INET, address.c_str(), out.data()) == 1;
    const bool good_bits =
        slash == std::string_view::npos || number_up_to(network.substr(slash + 1), v4 ? 32 : 128);
    if ((v4 || is_ipv6(address)) && good_bits) return {};
    return "must be IP addresses or networks such as 10.0.0.0/8 or fd00::/8, but has " + in_quotes(network);
}

std::string frame_ancestor_mistake(std::string_view source) {
    if (source == "'self'" || source == "'none'" || source == "*") return {};
    std::string_view rest = source;
    if (const std::size_t mark = source.find("://"); mark != std::string_view::npos) {
        if (mark == 0 || !consists_of(source.substr(0, mark), "+-."))
            rest = "";
        else
            rest = source.substr(mark + 3);
    } else if (source.ends_with(':')) {
        rest = source.substr(0, source.size() - 1);
    }
    if (rest.starts_with("*.")) rest.remove_prefix(2);
    if (!rest.empty() && consists_of(rest, "-.:/_*[]")) return {};
    return "must be 'self', 'none' or sites such as https://www.example.com or https://*.example.com, but "
           "has " +
           in_quotes(source);
}

std::string path_prefix_mistake(std::string_view prefix) {
    if (prefix.empty()) return "must not be empty; / alone is the root";
    if (!prefix.starts_with('/')) return "must start with /, but is " + in_quotes(prefix);
    std::string_view rest = prefix.substr(1);
    if (rest.size() > 1 && rest.ends_with('/')) rest.remove_suffix(1);
    const std::string parts = "/" + std::string(rest) + "/";
    for (const std::string_view bad : {"//", "/./", "/../"}) {
        if (!rest.empty() && parts.find(bad) != std::string::npos) {
            return "must not have empty, . or .. parts, but is " + in_quotes(prefix);
        }
    }
    if (!consists_of(prefix, "-._~/"))
        return "may have letters, digits and - . _ ~ / only, but is " + in_quotes(prefix);
    return {};
}

}  // namespace chatbox::server
