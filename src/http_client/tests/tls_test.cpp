#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "../curl_client.h"
#include "base/id.h"
#include "client_fixture.h"

namespace chatbox::http_client::testing {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::Errc;
using boost::system::error_code;

namespace {

struct Certificate {
    std::string key_pem;
    std::string certificate_pem;
};

template <class Write>
std::string pem(Write write) {
    BIO* bio = BIO_new(BIO_s_mem());
    write(bio);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

// A certificate for `name` that signs itself, good for an hour.
Certificate make_certificate(const std::string& name) {
    EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    Certificate made{
        pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); }),
        pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); })};
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
}

// Accepts TLS connections and answers the first bytes of each with a fixed answer.
class TlsServer {
public:
    TlsServer(asio::io_context& loop, const Certificate& certificate)
        : context_(asio::ssl::context::tls_server),
          acceptor_(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        context_.use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem);
        context_.use_certificate(asio::buffer(certificate.certificate_pem), asio::ssl::context::pem);
        SSL_CTX_set_alpn_select_cb(context_.native_handle(), &TlsServer::on_alpn, this);
        accept();
    }

    std::string url(const std::string& host) const {
        return "https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + "/";
    }
    std::string offered_protocols;
    int handshakes = 0;

private:
    using Stream = asio::ssl::stream<tcp::socket>;

    static int on_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                       unsigned size, void* self) {
        static_cast<TlsServer*>(self)->offered_protocols.assign(reinterpret_cast<const char*>(in), size);
        static constexpr unsigned char http11[] = "http/1.1";
        *out = http11;
        *out_size = 8;
        return SSL_TLSEXT_ERR_OK;
    }

    void accept() {
        acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
            if (ec) return;
            auto stream = std::make_shared<Stream>(std::move(socket), context_);
            stream->async_handshake(asio::ssl::stream_base::server, [this, stream](error_code failed) {
                if (failed) return;
                ++handshakes;
                answer_requests(stream);
            });
            accept();
        });
    }

    void answer_requests(std::shared_ptr<Stream> stream) {
        auto area = std::make_shared<std::string>(4096, '\0');
        stream->async_read_some(asio::buffer(*area), [this, stream, area](error_code ec, std::size_t) {
            if (ec) return;
            auto text = std::make_shared<std::string>(answer("200 OK", "", "secret"));
            asio::async_write(*stream, asio::buffer(*text),
                              [this, stream, text](error_code failed, std::size_t) {
                                  if (!failed) answer_requests(stream);
                              });
        });
    }

    asio::ssl::context context_;
    tcp::acceptor acceptor_;
};

}  // namespace

class HttpTls : public ClientFixture {
protected:
    // A client that trusts `certificate` beside nothing else.
    void trust(const Certificate& certificate) {
        const auto path =
            std::filesystem::temp_directory_path() / ("chatbox_tls_test_" + base::random_hex_id());
        std::ofstream(path) << certificate.certificate_pem;
        client = std::make_unique<CurlClient>(
            loop.get_executor(),
            CurlOptions{.route = {.internal_hosts = {"127.0.0.1", "localhost"}}, .ca_file = path.string()});
        ca_file_ = path;
    }
    ~HttpTls() override {
        if (!ca_file_.empty()) std::filesystem::remove(ca_file_);
    }

private:
    std::filesystem::path ca_file_;
};

TEST_F(HttpTls, RefusesACertificateThatNobodyVouchesFor) {
    TlsServer server(loop, make_certificate("localhost"));
    fetch(get(server.url("localhost")));
    EXPECT_EQ(sink.code(), Errc::unavailable);
    EXPECT_NE(sink.detail().find("certificate"), std::string::npos) << sink.detail();
    EXPECT_EQ(sink.status_calls, 0);
}

TEST_F(HttpTls, RefusesATrustedCertificateOfAnotherName) {
    const Certificate certificate = make_certificate("example.org");
    TlsServer server(loop, certificate);
    trust(certificate);
    fetch(get(server.url("localhost")));
    EXPECT_EQ(sink.code(), Errc::unavailable) << sink.detail();
    EXPECT_EQ(sink.status_calls, 0);
}

TEST_F(HttpTls, OffersHttp2AndKeepsTheConnection) {
    const Certificate certificate = make_certificate("localhost");
    TlsServer server(loop, certificate);
    trust(certificate);
    fetch(get(server.url("localhost")));
    EXPECT_TRUE(sink.ok()) << sink.detail();
    EXPECT_EQ(sink.body, "secret");
    EXPECT_EQ(server.offered_protocols, "\x02h2\x08http/1.1");
    sink = {};
    fetch(get(server.url("localhost")));
    EXPECT_TRUE(sink.ok()) << sink.detail();
    EXPECT_EQ(server.handshakes, 1);
}

}  // namespace chatbox::http_client::testing
