#include "../addresses.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace chatbox::http_client {

namespace {

sockaddr_storage address_of(const std::string& text) {
    sockaddr_storage storage{};
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        std::memcpy(&storage, &v4, sizeof v4);
    } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        std::memcpy(&storage, &v6, sizeof v6);
    }
    return storage;
}

bool is_public(const std::string& text) {
    const sockaddr_storage storage = address_of(text);
    return is_public_address(reinterpret_cast<const sockaddr&>(storage));
}

}  // namespace

TEST(Address, IsPublicWhenEverybodyCanReachIt) {
    for (const char* text : {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255",
                             "100.128.0.0", "169.253.255.255", "198.17.255.255", "223.255.255.255",
                             "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"})
        EXPECT_TRUE(is_public(text)) << text;
}

TEST(Address, IsNotPublicInASpecialNetwork) {
    for (const char* text : {"0.0.0.0",
                             "10.0.0.1",
                             "10.255.255.255",
                             "100.64.0.0",
                             "100.127.255.255",
                             "127.0.0.1",
                             "127.255.255.255",
                             "169.254.169.254",
                             "172.16.0.0",
                             "172.31.255.255",
                             "192.0.0.1",
                             "192.0.2.1",
                             "192.168.0.0",
                             "192.168.255.255",
                             "198.18.0.0",
                             "198.19.255.255",
                             "198.51.100.1",
                             "203.0.113.1",
                             "224.0.0.1",
                             "240.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "fc00::1",
                             "fdff::1",
                             "fe80::1",
                             "ff02::1",
                             "2001:db8::1",
                             "::ffff:127.0.0.1",
                             "::ffff:10.0.0.1",
                             "64:ff9b::a00:1",
                             "2002:a00:1::1"})
        EXPECT_FALSE(is_public(text)) << text;
}

TEST(Address, OfAnotherFamilyIsNotPublic) {
    sockaddr_storage storage{};
    storage.ss_family = AF_UNIX;
    EXPECT_FALSE(is_public_address(reinterpret_cast<const sockaddr&>(storage)));
}

TEST(Address, IsToldAsPeopleWriteIt) {
    for (const char* text : {"10.0.0.1", "fd00::1"}) {
        const sockaddr_storage storage = address_of(text);
        EXPECT_EQ(address_text(reinterpret_cast<const sockaddr&>(storage)), text);
    }
}

TEST(Loopback, IsThisMachineUnderAllItsNames) {
    for (const char* host : {"localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"})
        EXPECT_TRUE(is_loopback_host(host)) << host;
    for (const char* host : {"example.com", "localhost.example.com", "10.0.0.1", "::2", "128.0.0.1", ""})
        EXPECT_FALSE(is_loopback_host(host)) << host;
}

TEST(NoProxy, NamesHostsAndWhatEndsInThem) {
    EXPECT_TRUE(matches_no_proxy("example.com", {"example.com"}));
    EXPECT_TRUE(matches_no_proxy("www.example.com", {"a", ".example.com"}));
    EXPECT_TRUE(matches_no_proxy("10.0.0.1", {"10.0.0.1"}));
    EXPECT_TRUE(matches_no_proxy("anything", {"*"}));
    EXPECT_FALSE(matches_no_proxy("badexample.com", {"example.com"}));
    EXPECT_FALSE(matches_no_proxy("example.com", {"www.example.com", ".", ""}));
    EXPECT_FALSE(matches_no_proxy("example.com", {}));
}

}  // namespace chatbox::http_client
