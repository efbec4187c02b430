// A peer: the plain way to write a WebSocket echo server with Beast, one coroutine per connection.
// Prints "listening on PORT" and serves until it is killed.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>
#include <exception>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

asio::awaitable<void> echo(tcp::socket socket) {
    try {
        socket.set_option(tcp::no_delay(true));
        beast::websocket::stream<beast::tcp_stream> stream{beast::tcp_stream(std::move(socket))};
        stream.set_option(beast::websocket::stream_base::timeout::suggested(beast::role_type::server));
        co_await stream.async_accept(asio::use_awaitable);
        beast::flat_buffer buffer;
        for (;;) {
            co_await stream.async_read(buffer, asio::use_awaitable);
            stream.text(stream.got_text());
            co_await stream.async_write(buffer.data(), asio::use_awaitable);
            buffer.consume(buffer.size());
        }
    } catch (const std::exception&) {
        // The client has left; there is nobody to tell.
    }
}

asio::awaitable<void> accept_all(tcp::acceptor& acceptor) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        asio::co_spawn(acceptor.get_executor(), echo(std::move(socket)), asio::detached);
    }
}

}  // namespace

int main() {
    try {
        asio::io_context loop(1);
        tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
        std::printf("listening on %u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
        std::fflush(stdout);
        asio::co_spawn(loop, accept_all(acceptor), asio::detached);
        loop.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_beast_echo: %s\n", error.what());
        return 1;
    }
}
