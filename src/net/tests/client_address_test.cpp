#include "../client_address.h"

#include <gtest/gtest.h>

namespace chatbox::net {
namespace {

const Networks trusted({"10.0.0.0/8", "192.168.1.0/28", "127.0.0.0/8", "::1/128", "fd00::/8", "203.0.113.9"});

std::string client(const std::string& peer, std::string_view forwarded, std::string_view real = {}) {
    return client_address(boost::asio::ip::make_address(peer), {forwarded, real}, trusted).to_string();
}

TEST(ClientAddress, IsThePeerWhenThePeerIsNotATrustedProxy) {
    EXPECT_EQ(client("198.51.100.7", "1.2.3.4", "5.6.7.8"), "198.51.100.7");
    EXPECT_EQ(client("2001:db8::7", "1.2.3.4"), "2001:db8::7");
    EXPECT_EQ(client("11.0.0.1", "1.2.3.4"), "11.0.0.1");
    EXPECT_EQ(client("192.168.1.16", "1.2.3.4"), "192.168.1.16") << "one behind the /28";
    EXPECT_EQ(client("203.0.113.10", "1.2.3.4"), "203.0.113.10");
}

TEST(ClientAddress, IsTheFirstFromTheRightThatIsNotATrustedProxy) {
    for (const char* proxy :
         {"10.1.2.3", "192.168.1.15", "127.0.0.1", "::1", "fdff::1", "203.0.113.9", "::ffff:10.0.0.1"}) {
        EXPECT_EQ(client(proxy, "198.51.100.7"), "198.51.100.7") << proxy;
        EXPECT_EQ(client(proxy, "6.6.6.6, 198.51.100.7"), "198.51.100.7") << "the client wrote 6.6.6.6";
        EXPECT_EQ(client(proxy, "6.6.6.6, 198.51.100.7, 10.9.9.9 ,\t127.0.0.1"), "198.51.100.7") << proxy;
    }
    EXPECT_EQ(client("10.0.0.1", "2001:db8::7"), "2001:db8::7");
    EXPECT_EQ(client("10.0.0.1", "::ffff:198.51.100.7"), "198.51.100.7");
    EXPECT_EQ(client("10.0.0.1", "::ffff:10.0.0.2, ::ffff:10.0.0.3"), "10.0.0.2");
}

TEST(ClientAddress, IsTheLeftmostWhenAllAreTrusted) {
    EXPECT_EQ(client("10.0.0.1", "10.0.0.5, 10.0.0.4"), "10.0.0.5");
    EXPECT_EQ(client("127.0.0.1", "127.0.0.2"), "127.0.0.2");
}

TEST(ClientAddress, APortBehindTheAddressIsDropped) {
    EXPECT_EQ(client("10.0.0.1", "198.51.100.7:4711"), "198.51.100.7");
    EXPECT_EQ(client("10.0.0.1", "[2001:db8::7]:4711"), "2001:db8::7");
    EXPECT_EQ(client("10.0.0.1", "[2001:db8::7]"), "2001:db8::7");
}

TEST(ClientAddress, AHeaderWithSomethingElseOnTheWayIsNotUsable) {
    for (const char* bad : {"unknown", "1.2.3", "1.2.3.4.5", "256.1.1.1", "example.com", "[1.2.3.4]",
                            "1.2.3.4:port", "fe80::1%eth0", "<script>", "1.2.3.4 5.6.7.8"}) {
        EXPECT_EQ(client("10.0.0.1", std::string("6.6.6.6, ") + bad), "10.0.0.1") << bad;
        EXPECT_EQ(client("10.0.0.1", std::string("6.6.6.6, ") + bad, "198.51.100.7"), "198.51.100.7") << bad;
        EXPECT_EQ(client("10.0.0.1", std::string(bad) + ", 198.51.100.7"), "198.51.100.7")
            << "what stands left of the client does not matter: " << bad;
        EXPECT_EQ(client("10.0.0.1", "", bad), "10.0.0.1") << bad;
    }
}

TEST(ClientAddress, EmptyElementsDoNotCount) {
    EXPECT_EQ(client("10.0.0.1", ", ,198.51.100.7, ,"), "198.51.100.7");
    EXPECT_EQ(client("10.0.0.1", " , "), "10.0.0.1");
    EXPECT_EQ(client("10.0.0.1", "", " 198.51.100.7 "), "198.51.100.7");
}

TEST(ClientAddress, NobodyIsTrustedWithAnEmptyList) {
    const Networks none;
    const auto peer = boost::asio::ip::make_address("127.0.0.1");
    EXPECT_EQ(client_address(peer, {"1.2.3.4", "1.2.3.4"}, none), peer);
}

TEST(ClientAddress, APeerInIpv6ClothesIsShownAsIpv4) {
    EXPECT_EQ(client("::ffff:198.51.100.7", ""), "198.51.100.7");
}

TEST(Networks, KnowTheirEdges) {
    const Networks networks({"172.16.0.0/12", "2001:db8:8000::/33", "::ffff:9.9.9.0/120", "1.1.1.1/32"});
    const auto has = [&](const char* address) {
        return networks.contains(boost::asio::ip::make_address(address));
    };
    EXPECT_TRUE(has("172.16.0.0") && has("172.31.255.255") && has("1.1.1.1") && has("9.9.9.200"));
    EXPECT_FALSE(has("172.15.255.255") || has("172.32.0.0") || has("1.1.1.0") || has("9.9.8.255"));
    EXPECT_TRUE(has("2001:db8:8000::") && has("2001:db8:ffff:ffff::1"));
    EXPECT_FALSE(has("2001:db8:7fff:ffff::1") || has("2001:db9::"));
    EXPECT_TRUE(Networks({"0.0.0.0/0"}).contains(boost::asio::ip::make_address("8.8.8.8")));
    EXPECT_FALSE(Networks({"0.0.0.0/0"}).contains(boost::asio::ip::make_address("2001:db8::1")));
    EXPECT_TRUE(Networks({"::/0"}).contains(boost::asio::ip::make_address("8.8.8.8")));
}

TEST(LimitKey, IsTheNetworkOfASubscriber) {
    const auto key = [](const char* address) { return limit_key(boost::asio::ip::make_address(address)); };
    EXPECT_EQ(key("198.51.100.7"), "198.51.100.7");
    EXPECT_EQ(key("2001:db8:1:2:3:4:5:6"), key("2001:db8:1:2::1"));
    EXPECT_NE(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
}

}  // namespace
}  // namespace chatbox::net
