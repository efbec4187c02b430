#include "wire/file_url.h"

#include <gtest/gtest.h>

namespace chatbox::wire {
namespace {

TEST(FileUrl, AnHttpsAddressOfAPublicHostIsTaken) {
    for (const char* url : {"https://files.example.com/f-123.pdf", "https://files.example.com",
                            "HTTPS://Example.com:8443/a?b=c#d", "https://8.8.8.8/x", "https://172.32.0.1/x",
                            "https://[2606:4700::1111]/x", "https://my.localhost.example/x",
                            "https://xn--bcher-kva.example/%C3%BC", "https://192.0.2.1.example.com/"}) {
        EXPECT_TRUE(is_public_https_url(url)) << url;
    }
}

TEST(FileUrl, EverythingThatIsNotHttpsWithAHostIsRefused) {
    for (const char* url :
         {"", "f.pdf", "/files/f.pdf", "//files.example.com/f", "http://files.example.com/f",
          "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://example.com/f", "https://",
          "https:///f", "https:f", "https://exa mple.com/f", "https://user:secret@example.com/f",
          "https://example.com/\xff"}) {
        EXPECT_FALSE(is_public_https_url(url)) << url;
    }
}

TEST(FileUrl, PrivateAddressesAreRefusedInEveryNotation) {
    for (const char* url : {"https://10.0.0.1/",
                            "https://10.255.255.255/",
                            "https://172.16.0.1/",
                            "https://172.31.255.255/",
                            "https://192.168.1.1/",
                            "https://127.0.0.1/",
                            "https://127.1.2.3:8443/",
                            "https://169.254.169.254/latest",
                            "https://0.0.0.0/",
                            "https://100.64.0.1/",
                            "https://224.0.0.1/",
                            "https://255.255.255.255/",
                            "https://[::1]/",
                            "https://[::]/",
                            "https://[fc00::1]/",
                            "https://[fdff::1]/",
                            "https://[fe80::1]/",
                            "https://[ff02::1]/",
                            "https://[::ffff:10.0.0.1]/",
                            "https://[::ffff:7f00:1]/",
                            "https://[64:ff9b::a00:1]/",
                            "https://[2002:7f00:1::]/",
                            "https://2130706433/",
                            "https://0x7f000001/",
                            "https://0177.0.0.1/",
                            "https://127.1/",
                            "https://10.0.0.0x1/",
                            "https://127.0.0.1./"}) {
        EXPECT_FALSE(is_public_https_url(url)) << url;
    }
}

TEST(FileUrl, NamesThatAlwaysMeanThisMachineOrNetworkAreRefused) {
    for (const char* url :
         {"https://localhost/", "https://LOCALHOST:9000/", "https://a.localhost/", "https://localhost./",
          "https://printer.local/", "https://metadata.google.internal/"}) {
        EXPECT_FALSE(is_public_https_url(url)) << url;
    }
}

}  // namespace
}  // namespace chatbox::wire
