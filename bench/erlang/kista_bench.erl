%% The column of Erlang/OTP: the same workloads, one process for each actor,
%% gen_server and supervisor where a workload asks for them. Prints lines of
%% workload,erlang,metric,value,unit, as the other columns do.
%%
%%     erl -noshell -pa DIR -run kista_bench main W1,W3 Spawn=2000,Send=50000,...
%%
%% All sizes must be given; the driver does it.
-module(kista_bench).
-behaviour(gen_server).
-export([main/1, version/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, handle_continue/2, terminate/2]).
-export([sup_init/1, start_child/1, start_kid/2]).

version() ->
    io:format("OTP ~s, erts ~s, ~s~n", [erlang:system_info(otp_release), erlang:system_info(version),
                                        erlang:system_info(emu_flavor)]),
    halt(0).

main([Ws, Sizes]) ->
    logger:set_primary_config(level, none),
    P = maps:from_list([begin
                            [K, V] = string:split(KV, "="),
                            {list_to_atom(K), list_to_integer(V)}
                        end || KV <- string:tokens(Sizes, ",")]),
    put(failed, false),
    %% an ordinary process, not the init process
    {Pid, Ref} = spawn_monitor(fun() ->
                                       [run(W, P) || W <- string:tokens(Ws, ",")],
                                       exit(case get(failed) of true -> bad; _ -> normal end)
                               end),
    receive
        {'DOWN', Ref, process, Pid, normal} -> halt(0);
        {'DOWN', Ref, process, Pid, bad} -> halt(1);
        {'DOWN', Ref, process, Pid, Why} ->
            io:format(standard_error, "~p~n", [Why]), halt(1)
    end.

-define(WINDOW, 500).

run(W, P) ->
    put(w, W),
    put(processes, erlang:system_info(process_count)),
    try w(W, P) catch C:E:St -> fail("~p:~p ~p", [C, E, St]) end.

emit(Metric, Value, Unit) ->
    io:format("~s,erlang,~s,~.3f,~s~n", [get(w), Metric, float(Value), Unit]).
fail(F, A) ->
    put(failed, true),
    T = lists:flatten(io_lib:format(F, A)),
    io:format("~s,erlang,ERROR,~s,-~n", [get(w), [case C of $, -> $;; $\n -> $\s; _ -> C end || C <- T]]).
check(_, X, X) -> true;
check(What, Got, Want) -> fail("~s: got ~p want ~p", [What, Got, Want]), false.

now_ns() -> erlang:monotonic_time(nanosecond).

%% A stopwatch for wall-clock and CPU time, as harness.Watch.
start() -> {C, _} = erlang:statistics(runtime), {now_ns(), C}.
stop({T, C}) -> {C1, _} = erlang:statistics(runtime), {now_ns() - T, (C1 - C) * 1000000}.
%% Emits both, per operation. The CPU time includes the busy waiting of idle schedulers.
per(Metric, {Wall, Cpu}, N) ->
    emit(Metric, Wall / N, "ns"),
    emit(Metric ++ "_cpu", Cpu / N, "ns").

rss() ->
    {ok, B} = file:read_file("/proc/self/status"),
    {match, [N]} = re:run(B, "VmRSS:\\s+([0-9]+)", [{capture, [1], list}]),
    list_to_integer(N) * 1024.

xor_sum(N) -> xor_sum(0, N, 0).
xor_sum(N, N, S) -> S;
xor_sum(I, N, S) -> xor_sum(I + 1, N, S + (I bxor 1)).

%% ---- W1
w("W1", #{'Spawn' := N}) ->
    Self = self(),
    A = atomics:new(1, []),
    atomics:put(A, 1, N),
    Body = fun() -> case atomics:sub_get(A, 1, 1) of 0 -> Self ! done; _ -> ok end end,
    T0 = start(),
    rep(N, fun() -> spawn(Body) end),
    receive done -> ok end,
    per("spawn_exit", stop(T0), N),
    atomics:put(A, 1, N),
    Waiting = fun() -> receive _ -> Body() end end,
    T2 = start(),
    rep(N, fun() -> spawn(Waiting) ! {0, 0} end),
    receive done -> ok end,
    per("spawn_msg_exit", stop(T2), N),
    %% the same with a gen_server, which is what the Go peers' actors are
    atomics:put(A, 1, N),
    T1 = start(),
    rep(N, fun() -> {ok, _} = gen_server:start(?MODULE, {exit_at_once, A, Self}, []) end),
    receive done -> ok end,
    per("start_wait", stop(T1), N);
%% ---- W2
w("W2", #{'Idle' := N}) ->
    _ = rest(N, self()),
    G = N div 10,
    G0 = erlang:memory(processes),
    _ = [begin {ok, Q} = gen_server:start(?MODULE, plain, []), Q end || _ <- lists:seq(1, G)],
    emit("heap_per_server", (erlang:memory(processes) - G0) / G, "B");
%% ---- W3, W4
w("W3", #{'Send' := N}) -> send_to_one(1, N);
w("W4", #{'FanIn' := N}) -> send_to_one(8, N);
%% ---- W5, W6
w("W5", #{'Pairs' := P, 'PairTrips' := T}) -> ping_pong(P, T, "");
w("W6", #{'PingPong' := T}) -> ping_pong(1, T, "");
%% ---- W7
w("W7", #{'RingSize' := N, 'RingLaps' := L}) -> ring(N, L, "hop");
%% ---- W8
w("W8", #{'Call' := N, 'Callers' := C, 'CallsEach' := E}) ->
    calls("call_1", 1, N),
    calls("call_1000", C, E),
    told("told_of_crash_during_call", alive, crash),
    told("told_of_dead_before_call", dead, {1, 1});
%% ---- W9
w("W9", #{'Pay1k' := A, 'Pay64k' := B, 'PayTree' := C}) ->
    B1 = bytes(1024), B64 = bytes(65536), T = tree(),
    check("tree", count(T), 100),
    %% binaries above 64 bytes are reference counted and shared, all else is copied
    payload("bytes_1k", A, 1024 + 3, B1, false, 0),
    payload("bytes_64k", B, 65536 + 3, B64, false, 0),
    payload("tree_100", C, 1 + 9, T, false, 1),
    payload("bytes_1k", A, 1024 + 3, B1, true, 0),
    payload("bytes_64k", B, 65536 + 3, B64, true, 0);
%% ---- W10
w("W10", #{'Restarts' := N}) ->
    Self = self(),
    {ok, Sup} = supervisor_start(Self),
    P0 = receive {up, X} -> X end,
    T0 = start(),
    Lat = restarts(N, P0, []),
    per("restart", stop(T0), N),
    emit("restart_p99", pct(Lat, 0.99), "ns"),
    unlink(Sup), exit(Sup, shutdown);
%% ---- W11
w("W11", #{'BigBox' := N}) ->
    Self = self(),
    Pid = spawn(fun() -> counter(N, 0, Self) end),
    true = erlang:suspend_process(Pid),
    erlang:garbage_collect(),
    timer:sleep(50),
    R0 = rss(), M0 = erlang:memory(total),
    T0 = start(),
    blast(Pid, 0, N),
    Fill = stop(T0),
    timer:sleep(50),
    R1 = rss(), M1 = erlang:memory(total),
    T1 = start(),
    true = erlang:resume_process(Pid),
    Sum = receive {sum, S} -> S end,
    D = stop(T1),
    case check("sum", Sum, xor_sum(N)) of
        true ->
            emit("rss_per_msg", (R1 - R0) / N, "B"),
            emit("heap_per_msg", (M1 - M0) / N, "B"),
            per("fill", Fill, N),
            per("drain", D, N);
        _ -> ok
    end;
%% ---- W12
w("W12", #{'Timers' := N}) ->
    Self = self(),
    {C0, _} = erlang:statistics(runtime),
    spawn(fun() ->
                  T0 = erlang:monotonic_time(microsecond),
                  Me = self(),
                  mk_timers(0, N, T0 + 500000, 1000000 div N, Me),
                  Cr = erlang:monotonic_time(microsecond) - T0,
                  Self ! {timers, Cr, ticks(N, [])}
          end),
    {Created, Late} = receive {timers, X, Y} -> {X, Y} end,
    {C1, _} = erlang:statistics(runtime),
    emit("create", Created * 1000 / N, "ns"),
    emit("cpu", (C1 - C0) * 1.0e6 / N, "ns"),
    emit("late_p50", pct(Late, 0.5), "us"),
    emit("late_p99", pct(Late, 0.99), "us");
%% ---- W14
w("W14", #{'RingSize' := N, 'RingLaps' := L, 'PingPong' := T}) ->
    ring(N, L, "blocking_hop"),
    ping_pong(1, T, "_blocking");
%% ---- W15
w("W15", #{'Links' := N, 'MassKill' := K, 'Monitors' := M}) ->
    {Top, Lap} = crew(N),
    per("spawn_link", Lap, N),
    mass_kill(Top),
    {Top2, _} = crew(K),
    T0 = start(),
    mass_kill(Top2),
    per("mass_kill", stop(T0), K),
    Target = spawn(fun() -> receive stop -> ok end end),
    T1 = start(),
    Good = monitors(M, Target, 0),
    D = stop(T1),
    Target ! stop,
    check("monitors taken away", Good, M) andalso per("monitor_demonitor", D, M);
%% ---- W16
w("W16", #{'Outstanding' := N, 'SetCancel' := M}) ->
    Owners = list_to_tuple([spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 1000)]),
    %% spread without order, in small integers
    Set = fun(I) -> erlang:send_after(3600000 + (I * 2654435761 rem 3600000), element(I rem 1000 + 1, Owners), due) end,
    erlang:garbage_collect(),
    R0 = rss(), M0 = erlang:memory(total),
    T0 = start(),
    Refs = set_all(N, Set, []),
    per("set", stop(T0), N),
    emit("rss_per_timer", (rss() - R0) / N, "B"),
    emit("heap_per_timer", (erlang:memory(total) - M0) / N, "B"),
    T1 = start(),
    Good = set_cancel(M, N, Set, 0),
    D1 = stop(T1),
    check("timers cancelled at once", Good, M) andalso per("set_cancel", D1, M),
    T2 = start(),
    Good2 = cancel_all(Refs, 0),
    D2 = stop(T2),
    check("timers cancelled in the end", Good2, N) andalso per("cancel", D2, N),
    [O ! stop || O <- tuple_to_list(Owners)];
%% ---- W17
w("W17", #{'Crowd' := N}) ->
    Self = self(),
    case rest(N, Self) of
        {Pids, R0, M0} ->
            [P ! stop || P <- tuple_to_list(Pids)],
            until_processes(Self, "the end of all"),
            erlang:garbage_collect(),
            timer:sleep(300),
            emit("burst_rss_ratio", rss() / R0, "ratio"),
            emit("burst_heap_ratio", erlang:memory(total) / M0, "ratio");
        failed -> ok
    end;
%% ---- W19
w("W19", #{'Mailbox' := N0, 'Selects' := K}) ->
    N = N0 - 1,
    {ok, Srv} = gen_server:start(?MODULE, plain, []),
    Main = self(),
    spawn(fun() ->
                  blast(self(), 0, N),
                  T0 = start(),
                  [begin self() ! {wanted, I}, receive {wanted, I} -> ok end end || I <- lists:seq(1, K)],
                  {W, _} = L0 = stop(T0),
                  T1 = start(),
                  Good = caller(Srv, 1, 0, K, 0),
                  L1 = stop(T1),
                  T2 = start(),
                  counter(N, 0, Main),
                  Main ! {selected, W, L0, L1, stop(T2), Good}
          end),
    Sum = receive {sum, S} -> S end,
    receive {selected, W, L0, L1, L2, Good} -> ok end,
    gen_server:stop(Srv),
    case check("sum of the rest", Sum, xor_sum(N)) andalso check("the answers", Good, K) of
        true ->
            per("select", L0, K),
            emit("passed_over", W / (K * N), "ns"),
            per("call_meanwhile", L1, K),
            per("drain", L2, N);
        _ -> ok
    end;
%% ---- W20
w("W20", #{'Children' := N}) ->
    Self = self(),
    process_flag(trap_exit, true),
    {ok, Sup} = supervisor:start_link(kista_bench_sup, pool),
    erlang:garbage_collect(),
    R0 = rss(), M0 = erlang:memory(total),
    T0 = start(),
    Kids = [begin {ok, P} = supervisor:start_child(Sup, [Self, I]), P end || I <- lists:seq(1, N)],
    per("start_child", stop(T0), N),
    emit("rss_per_child", (rss() - R0) / N, "B"),
    emit("heap_per_child", (erlang:memory(total) - M0) / N, "B"),
    flush_kids(N),
    K = min(100, N),
    Step = N div K,
    Crashed = [lists:nth(I * Step, Kids) || I <- lists:seq(1, K)],
    T1 = start(),
    [begin P ! crash, receive {kid, _} -> ok end end || P <- Crashed],
    D1 = stop(T1),
    {active, Active} = lists:keyfind(active, 1, supervisor:count_children(Sup)),
    check("active children", Active, N) andalso per("restart", D1, K),
    T2 = start(),
    exit(Sup, shutdown),
    receive {'EXIT', Sup, _} -> ok end,
    per("stop_child", stop(T2), N);
%% ---- W21: what Erlang's timers can time, in milliseconds
w("W21", #{'Blockers' := B, 'CellMS' := Ms}) ->
    others("nobody_blocks", Ms),
    [blocking(Method, Name, D, Mix, Every, B, Ms)
     || Method <- ["sleep", "socket"], {Name, D} <- [{"1ms", 1}, {"2ms", 2}, {"4.9ms", 5}, {"20ms", 20}],
        {Mix, Every} <- [{"all", 1}, {"1pc", 100}]];
%% ---- W22
w("W22", #{'CellMS' := Ms}) ->
    [begin
         Ps = [spawn(fun spin/0) || _ <- lists:seq(1, X * erlang:system_info(schedulers_online))],
         others("spin_x" ++ integer_to_list(X), 10 * Ms),
         [exit(P, kill) || P <- Ps]
     end || X <- [1, 2]];
w(_, _) -> ok.

%% a process with N linked to it, and how long it took to spawn them
crew(N) ->
    Self = self(),
    Top = spawn(fun() ->
                        T0 = start(),
                        rep(N, fun() -> spawn_link(fun() -> receive stop -> ok end end) end),
                        Self ! {crew, stop(T0)},
                        receive stop -> ok end
                end),
    receive {crew, Lap} -> {Top, Lap} end.
mass_kill(Top) ->
    exit(Top, the_process_that_all_are_linked_to_ends),
    until_processes(self(), "the end of all").

%% waits until there are as few processes as when the first workload began
until_processes(_, What) -> until(fun() -> erlang:system_info(process_count) =< get(processes) end, What, 450000).
until(F, What, N) ->
    case F() of
        true -> ok;
        false when N =:= 0 -> fail("~s: not in time", [What]);
        false -> erlang:yield(), until_pause(N), until(F, What, N - 1)
    end.
until_pause(N) when N rem 10 =:= 0 -> receive after 1 -> ok end;
until_pause(_) -> ok.

monitors(0, _, Good) -> Good;
monitors(N, P, Good) ->
    case erlang:demonitor(erlang:monitor(process, P), [info]) of
        true -> monitors(N - 1, P, Good + 1);
        _ -> monitors(N - 1, P, Good)
    end.

set_all(0, _, L) -> L;
set_all(N, Set, L) -> set_all(N - 1, Set, [Set(N) | L]).
set_cancel(0, _, _, Good) -> Good;
set_cancel(M, I, Set, Good) ->
    case erlang:cancel_timer(Set(I)) of
        T when is_integer(T) -> set_cancel(M - 1, I + 1, Set, Good + 1);
        _ -> set_cancel(M - 1, I + 1, Set, Good)
    end.
cancel_all([], Good) -> Good;
cancel_all([R | L], Good) ->
    case erlang:cancel_timer(R) of
        T when is_integer(T) -> cancel_all(L, Good + 1);
        _ -> cancel_all(L, Good)
    end.

%% N idle processes and their memory
rest(N, Self) ->
    erlang:garbage_collect(),
    timer:sleep(50),
    R0 = rss(), M0 = erlang:memory(total), P0 = erlang:memory(processes),
    T0 = start(),
    Pids = list_to_tuple([spawn(fun() -> idle(Self, I) end) || I <- lists:seq(0, N - 1)]),
    D = stop(T0),
    timer:sleep(300),
    R1 = rss(), P1 = erlang:memory(processes),
    Step = N div 500 + 1,
    Want = lists:sum(lists:seq(0, N - 1, Step)),
    Got = lists:sum([begin element(I + 1, Pids) ! ping, receive {idle, X} -> X end end || I <- lists:seq(0, N - 1, Step)]),
    case check("ids", Got, Want) of
        true ->
            emit("rss_per_proc", (R1 - R0) / N, "B"),
            emit("heap_per_proc", (P1 - P0) / N, "B"),
            emit("rss_total", R1 - R0, "B"),
            emit("procs", N, "n"),
            per("spawn_idle", D, N),
            {Pids, R0, M0};
        _ -> failed
    end.

flush_kids(0) -> ok;
flush_kids(N) -> receive {kid, _} -> flush_kids(N - 1) end.

%% the round trips of a pair while something else is going on
others(Metric, Ms) ->
    Self = self(),
    Po = spawn(fun() -> receive {peer, P} -> ponger(P) end end),
    Pi = spawn(fun() ->
                       receive start -> ok end,
                       T0 = now_ns(),
                       Po ! {0, 0},
                       Self ! {others, probe(Po, T0, T0 + Ms * 1000000, 0, []), now_ns() - T0}
               end),
    Po ! {peer, Pi},
    Pi ! start,
    {N, L} = receive {others, R, Took} -> {R0, L0} = R, put(took, Took), {R0, L0} end,
    exit(Po, kill),
    case check(Metric ++ ": round trips", length(L), N) of
        true ->
            S = list_to_tuple(lists:sort(L)),
            emit(Metric ++ "_p50", element(trunc(0.5 * (N - 1)) + 1, S) / 1000, "us"),
            emit(Metric ++ "_p99", element(trunc(0.99 * (N - 1)) + 1, S) / 1000, "us"),
            emit(Metric ++ "_max", element(N, S) / 1000, "us"),
            emit(Metric ++ "_rate", N * 1.0e9 / get(took), "1/s");
        _ -> ok
    end.
probe(Po, At, Until, N, L) ->
    receive
        {0, 1} ->
            Now = now_ns(),
            L1 = [Now - At | L],
            if Now > Until -> {N + 1, L1};
               true -> Po ! {0, 0}, probe(Po, Now, Until, N + 1, L1)
            end
    end.

blocking(Method, Name, D, Mix, Every, B, Ms) ->
    Ps = [spawn(fun() -> Block = block(Method, D), self() ! go, blocker(Block, Every, 1) end) || _ <- lists:seq(1, B)],
    others(lists:flatten([Method, "_", Name, "_", Mix]), Ms),
    Refs = [erlang:monitor(process, P) || P <- Ps],
    [exit(P, kill) || P <- Ps],
    [receive {'DOWN', R, process, _, _} -> ok end || R <- Refs].
blocker(Block, Every, N) ->
    receive
        go ->
            if N rem Every =:= 0 -> Block(); true -> ok end,
            self() ! go,
            blocker(Block, Every, N + 1)
    end.
block("sleep", D) -> fun() -> timer:sleep(D) end;
block("socket", D) ->
    {ok, L} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}, binary, {active, false}]),
    {ok, Port} = inet:port(L),
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]),
    {ok, _} = gen_tcp:accept(L),
    fun() -> {error, timeout} = gen_tcp:recv(S, 1, D) end.
spin() -> spin().

rep(0, _) -> ok;
rep(N, F) -> F(), rep(N - 1, F).

idle(To, I) ->
    receive
        ping -> To ! {idle, I}, idle(To, I);
        stop -> ok
    end.

blast(_, N, N) -> ok;
blast(To, I, N) -> To ! {I, 1}, blast(To, I + 1, N).

counter(0, Sum, To) -> To ! {sum, Sum};
counter(N, Sum, To) -> receive {A, B} -> counter(N - 1, Sum + (A bxor B), To) end.

send_to_one(Senders, Total) ->
    Each = Total div Senders,
    Self = self(),
    To = spawn(fun() -> counter(Each * Senders, 0, Self) end),
    Ps = [spawn(fun() -> receive start -> blast(To, 0, Each) end end) || _ <- lists:seq(1, Senders)],
    T0 = start(),
    [P ! start || P <- Ps],
    Sum = receive {sum, S} -> S end,
    D = stop(T0),
    check("sum", Sum, Senders * xor_sum(Each)) andalso per("msg", D, Each * Senders).

ping_pong(Pairs, Trips, Suffix) ->
    Self = self(),
    Ps = [begin
              Po = spawn(fun() -> receive {peer, P} -> ponger(P) end end),
              Pi = spawn(fun() -> receive start -> Po ! {1, 0}, pinger(Po, Trips, Self) end end),
              Po ! {peer, Pi},
              Pi
          end || _ <- lists:seq(1, Pairs)],
    timer:sleep(20),
    T0 = start(),
    [P ! start || P <- Ps],
    Sum = lists:sum([receive {trips, T} -> T end || _ <- Ps]),
    {Wall, _} = D = stop(T0),
    case check("round trips", Sum, Pairs * Trips) of
        true when Pairs =:= 1 -> per("round_trip" ++ Suffix, D, Trips);
        true ->
            emit("msgs_per_s", 2 * Pairs * Trips * 1.0e9 / Wall, "1/s"),
            per("msg", D, 2 * Pairs * Trips);
        _ -> ok
    end.
ponger(P) -> receive {A, B} -> P ! {A, B + 1}, ponger(P) end.
pinger(Po, N, To) ->
    receive
        {N, B} -> To ! {trips, B};
        {A, B} -> Po ! {A + 1, B}, pinger(Po, N, To)
    end.

ring(N, L, Metric) when is_integer(N) ->
    Self = self(),
    T0 = start(),
    First = spawn(fun() -> receive {next, P} -> ringer(P, Self) end end),
    Next = lists:foldl(fun(_, P) -> spawn(fun() -> ringer(P, Self) end) end, First, lists:seq(2, N)),
    First ! {next, Next},
    Build = stop(T0),
    timer:sleep(20),
    Hops = N * L,
    T1 = start(),
    Next ! {Hops, 0},
    Got = receive {ring, X} -> X end,
    D = stop(T1),
    case check("hops", Got, Hops) of
        true -> per(Metric, D, Hops), per("build", Build, N);
        _ -> ok
    end.
ringer(Next, Main) ->
    receive
        {0, B} -> Main ! {ring, B};
        {H, B} -> Next ! {H - 1, B + 1}, ringer(Next, Main)
    end.

calls(Metric, Callers, Each) ->
    {ok, Srv} = gen_server:start(?MODULE, plain, []),
    Self = self(),
    Ps = [spawn(fun() -> receive start -> Self ! {called, caller(Srv, I, 0, Each, 0)} end end) || I <- lists:seq(1, Callers)],
    timer:sleep(20),
    T0 = start(),
    [P ! start || P <- Ps],
    Sum = lists:sum([receive {called, N} -> N end || _ <- Ps]),
    D = stop(T0),
    gen_server:stop(Srv),
    check(Metric, Sum, Callers * Each) andalso per(Metric, D, Callers * Each).
caller(_, _, N, N, Good) -> Good;
caller(Srv, I, K, N, Good) ->
    K1 = K + 1,
    case gen_server:call(Srv, {K, I}, 5000) of
        {K1, I} -> caller(Srv, I, K1, N, Good + 1);
        _ -> caller(Srv, I, K1, N, Good)
    end.

%% the median of several; each has a server of its own
told(Metric, Kind, Req) ->
    Took = [begin
                {ok, Srv} = gen_server:start(?MODULE, plain, []),
                if Kind =:= dead -> gen_server:stop(Srv); true -> ok end,
                T = now_ns(),
                {'EXIT', _} = (catch gen_server:call(Srv, Req, 1000)),
                now_ns() - T
            end || _ <- lists:seq(1, 5)],
    emit(Metric, lists:nth(3, lists:sort(Took)) / 1.0e6, "ms").

bytes(N) -> B = rand:bytes(N - 2), <<1, B/binary, 2>>.

%% as workload.NewTree(100)
tree() ->
    {Kids, Next} = lists:mapfoldl(fun(_, I) ->
                                          {Leaves, I1} = lists:mapfoldl(fun(_, J) -> {node(J, []), J + 1} end, I + 1, lists:seq(1, 10)),
                                          {node(I, Leaves), I1}
                                  end, 2, lists:seq(1, 9)),
    true = Next =:= 101,
    node(1, Kids).
node(I, Kids) ->
    #{id => I, name => iolist_to_binary(["node-", integer_to_list(I)]), attrs => #{a => I, b => -I}, kids => Kids}.
count(#{kids := K}) -> 1 + lists:sum([count(X) || X <- K]).

value(B) when is_binary(B) -> byte_size(B) + binary:first(B) + binary:last(B);
value(#{id := I, kids := K}) -> I + length(K).

payload(Name, N, Per, V, Copy, Copied) ->
    Self = self(),
    Sink = spawn(fun() -> receive {from, F} -> pay_sink(F, 1, N, 0, Self) end end),
    Src = spawn(fun() -> receive start -> pay_source(Sink, N, V, Copy) end end),
    Sink ! {from, Src},
    timer:sleep(10),
    T0 = start(),
    Src ! start,
    Sum = receive {sum, S} -> S end,
    D = stop(T0),
    case check(Name, Sum, N * Per) of
        true when Copy -> per(Name ++ "_usercopy", D, N);
        true -> per(Name, D, N), emit(Name ++ "_copied", Copied, "bool");
        _ -> ok
    end.
pay_sink(_, I, N, Sum, Main) when I > N -> Main ! {sum, Sum};
pay_sink(From, I, N, Sum, Main) ->
    V = receive {pay, X} -> value(X) end,
    if I rem ?WINDOW =:= 0 -> From ! ack; true -> ok end,
    pay_sink(From, I + 1, N, Sum + V, Main).
pay_source(_, 0, _, _) -> ok;
pay_source(Sink, N, V, Copy) ->
    K = min(N, ?WINDOW),
    pay_send(K, Sink, V, Copy),
    receive ack -> ok after case N - K of 0 -> 0; _ -> infinity end -> ok end,
    pay_source(Sink, N - K, V, Copy).
pay_send(0, _, _, _) -> ok;
pay_send(K, Sink, V, true) -> Sink ! {pay, binary:copy(V)}, pay_send(K - 1, Sink, V, true);
pay_send(K, Sink, V, false) -> Sink ! {pay, V}, pay_send(K - 1, Sink, V, false).

restarts(0, _, L) -> L;
restarts(N, P, L) ->
    T = now_ns(),
    gen_server:cast(P, crash),
    P1 = receive {up, X} -> X after 30000 -> exit(no_restart) end,
    gen_server:cast(P1, {ping, self()}),
    receive pong -> ok after 30000 -> exit(no_pong) end,
    restarts(N - 1, P1, [now_ns() - T | L]).

supervisor_start(Main) ->
    supervisor:start_link(kista_bench_sup, {one, Main}).

pct(L, Q) -> lists:nth(trunc(Q * (length(L) - 1)) + 1, lists:sort(L)).

mk_timers(N, N, _, _, _) -> ok;
mk_timers(I, N, T, Step, Me) ->
    Due = T + I * Step,
    %% timers have millisecond resolution: round up, so that none is early
    erlang:send_after((Due + 999) div 1000, Me, {tick, Due}, [{abs, true}]),
    mk_timers(I + 1, N, T, Step, Me).
ticks(0, L) -> L;
ticks(N, L) -> receive {tick, Due} -> ticks(N - 1, [erlang:monotonic_time(microsecond) - Due | L]) end.

%% ---- gen_server callbacks
init(plain) -> {ok, none};
init({exit_at_once, A, Main}) -> {ok, {A, Main}, {continue, stop}};
init({kid, Main, I}) -> Main ! {kid, I}, {ok, none};
init({fragile, Main}) -> Main ! {up, self()}, {ok, Main}.
handle_continue(stop, S) -> {stop, normal, S}.
handle_call(crash, _, _) -> error(crash);
handle_call({A, B}, _, S) -> {reply, {A + 1, B}, S}.
handle_cast(crash, _) -> error(crash);
handle_cast({ping, From}, S) -> From ! pong, {noreply, S}.
handle_info(crash, _) -> error(crash);
handle_info(_, S) -> {noreply, S}.
terminate(normal, {A, Main}) -> case atomics:sub_get(A, 1, 1) of 0 -> Main ! done; _ -> ok end;
terminate(_, _) -> ok.

%% ---- supervisor helpers, used by kista_bench_sup
sup_init(pool) ->
    {ok, {#{strategy => simple_one_for_one, intensity => 1000000, period => 1},
          [#{id => kid, start => {?MODULE, start_kid, []}, restart => permanent}]}};
sup_init({one, Main}) ->
    {ok, {#{strategy => one_for_one, intensity => 1000000, period => 1},
          [#{id => child, start => {?MODULE, start_child, [Main]}, restart => permanent}]}}.
start_child(Main) -> gen_server:start_link(?MODULE, {fragile, Main}, []).
start_kid(Main, I) -> gen_server:start_link(?MODULE, {kid, Main, I}, []).
