# Starting and stopping what bench/run measures. Everything listens on loopback, runs for as long as the run
# and is stopped by its process id.

on_server='' on_client=''
if (($(nproc) > 1)); then
    on_server='taskset -c 0' on_client='taskset -c 1'
else
    say "one processor only: server and load share it, figures of time mean little"
fi
ulimit -n "$(ulimit -Hn)"
secret=$(head -c 32 /dev/urandom | base64)
declare -A running=()
starts=0

microseconds() { local now=$EPOCHREALTIME && echo "${now//[.,]/}"; }

# start NAME COMMAND...: waits for "listening on ..." on its stdout; sets NAME_pid and NAME_port, and
# started_at and ready_at in microseconds.
start() {
    local name=$1 line fd
    shift
    starts=$((starts + 1))
    started_at=$(microseconds)
    exec {fd}< <(exec "$@" 2>"$work/$name.$starts.log")
    local pid=$!
    running[$name]=$pid
    IFS= read -r -t 60 line <&"$fd" || fail "$name did not start: $(tail -n 5 "$work/$name.$starts.log")"
    ready_at=$(microseconds)
    [[ $line =~ ^listening\ on\ (.*:)?([0-9]+)(/.*)?$ ]] || fail "$name said: $line"
    printf -v "${name}_pid" %s "$pid"
    printf -v "${name}_port" %s "${BASH_REMATCH[2]}"
    cat <&"$fd" >"$work/$name.$starts.out" & # a full pipe would block it
    exec {fd}<&-
}

stop() {
    local name pid tries
    for name in "$@"; do
        pid=${running[$name]:-}
        [[ -n $pid ]] || continue
        unset "running[$name]"
        kill -TERM "$pid" 2>/dev/null || true
        for ((tries = 0; tries < 300; tries++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.05
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
}
stop_all() { stop "${!running[@]}"; }

start_provider() { start provider $on_client "$bench_bin/bench_provider"; }

data_dir=''
start_chatbox() {
    [[ -n $data_dir ]] || data_dir=$(mktemp -d "$work/data.XXXXXX")
    start chatbox env -i PATH="$PATH" HOME="$work" CHATBOX_HOST=127.0.0.1 SERVER_PORT=0 CHATBOX_DATA_DIR="$data_dir" \
        JWT_SECRET="$secret" LOG_LEVEL=warn LOG_DIR="$work/logs" \
        RATE_LIMIT=100000000 CHATBOX_MAX_HTTP_CONNECTIONS=100000 MAX_CONNECTIONS=1000000 CHATBOX_MAX_CONNECTIONS_PER_USER=100000 \
        LLM_PROVIDER_1_ID=bench LLM_PROVIDER_1_NAME=Bench LLM_PROVIDER_1_TYPE=openai \
        LLM_PROVIDER_1_ENDPOINT="http://127.0.0.1:$provider_port/v1" LLM_PROVIDER_1_API_KEY=none-needed \
        LLM_PROVIDER_1_MODEL=bench $on_server "$bin" serve
}
# stop_chatbox [keep]: the data folder is thrown away unless it is kept for the next start.
stop_chatbox() {
    stop chatbox
    if [[ ${1:-} != keep ]]; then
        rm -rf "$data_dir"
        data_dir=''
    fi
}

start_beast() { start beast $on_server "$bench_bin/bench_beast_echo"; }
start_node() { start node $on_server "$node" "$root/bench/peers/ws_echo.mjs"; }
start_relay() { start relay $on_server "$node" "$root/bench/peers/sse_relay.mjs" "$provider_port"; }

# nginx cannot choose a free port by itself, and does not say when it is ready.
start_nginx() {
    local dir="$work/nginx" tries
    mkdir -p "$dir"
    for ((tries = 0; tries < 20; tries++)); do
        nginx_port=$((20000 + RANDOM % 10000))
        sed -e "s|@DIR@|$dir|g" -e "s|@PORT@|$nginx_port|g" -e "s|@PROVIDER@|$provider_port|g" \
            "$root/bench/peers/nginx.conf.in" >"$dir/nginx.conf"
        $on_server "$nginx" -p "$dir" -e "$dir/nginx-error.log" -c "$dir/nginx.conf" -g 'daemon off;' \
            >"$work/nginx.log" 2>&1 &
        running[nginx]=$!
        if nginx_answers; then
            nginx_worker=$(pgrep -P "${running[nginx]}" | head -n 1)
            return
        fi
        stop nginx
    done
    fail "nginx does not start: $(tail -n 3 "$work/nginx.log")"
}
nginx_answers() {
    local tries
    for ((tries = 0; tries < 40; tries++)); do
        kill -0 "${running[nginx]}" 2>/dev/null || return 1
        (exec 3<>"/dev/tcp/127.0.0.1/$nginx_port") 2>/dev/null && return 0
        sleep 0.05
    done
    return 1
}
