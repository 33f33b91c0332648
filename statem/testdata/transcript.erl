%% Runs scenarios on the real gen_statem and writes down what happens.
%%
%% A scenario is text, and so is its transcript:
%%
%%	init s1: state_timeout 0 x     the first state, and the actions of init
%%	a s1: postpone                 what to do with the event a in the state s1
%%	enter s2: reply c ok           what to do when s2 is entered
%%	> cast a, call c               queue these events at once; then a unit passes
%%	> wait 3                       three units pass
%%
%% Actions are separated by commas; they are the words of act/3 below. Whatever has no rule changes nothing. After three hundred
%% callbacks the machine stops, so that no scenario is endless.
%%
%%	erl -noinput -eval 'transcript:main("orders.txt")'     rewrites a file of scenarios
-module(transcript).
-behaviour(gen_statem).

-export([main/1, run/2, init/1, callback_mode/0, handle_event/4, terminate/3]).

-define(LIMIT, 300).

%% main replaces the transcripts in a file: the lines that begin with a bar. A scenario begins with "== ".
main(File) ->
    logger:set_primary_config(level, none),
    {ok, Text} = file:read_file(File),
    [Head | Scenarios] = string:split(Text, "\n== ", all),
    Rewritten = [begin
        Lines = [L || L <- string:split(S, "\n", all), not is_transcript(L)],
        Body = string:trim(iolist_to_binary(lists:join("\n", tl(Lines)))),
        ["\n== ", hd(Lines), "\n", Body, "\n", [["| ", L, "\n"] || L <- run(Body, 20)]]
    end || S <- Scenarios],
    ok = file:write_file(File, [string:trim(Head, trailing), "\n" | Rewritten]),
    halt(0).

is_transcript(<<"|", _/binary>>) -> true;
is_transcript(_) -> false.

%% run carries out one scenario, with units of so many milliseconds, and returns the lines of its transcript.
run(Text, Unit) ->
    process_flag(trap_exit, true),
    Lines = [L || L <- [string:trim(L) || L <- string:split(Text, "\n", all)], L =/= <<>>, hd(binary_to_list(L)) =/= $#],
    {Steps, Rules} = lists:partition(fun(<<"> ", _/binary>>) -> true; (_) -> false end, Lines),
    Table = maps:from_list([rule(R) || R <- Rules]),
    Tab = ets:new(log, [ordered_set, public]),
    [{[init, State], Actions}] = [{K, A} || {[init, _] = K, A} <- maps:to_list(Table)],
    {ok, Pid} = gen_statem:start(?MODULE, {State, Actions, Table, Tab, Unit}, []),
    timer:sleep(Unit),
    Callers = lists:append([step(string:split(S, ","), Pid, Unit) || <<"> ", S/binary>> <- [all_commas(S) || S <- Steps]]),
    Answers = [answer(C) || C <- lists:sort(Callers)],
    case is_process_alive(Pid) of
        true -> log(Tab, ["left in ", atom_to_list(element(1, sys:get_state(Pid)))]), exit(Pid, kill);
        false -> ok
    end,
    Log = [L || {_, L} <- ets:tab2list(Tab)],
    ets:delete(Tab),
    Log ++ Answers.

all_commas(S) -> S.

rule(Line) ->
    [Key | Actions] = string:split(Line, ":"),
    {words(Key), [words(A) || A <- string:split(iolist_to_binary(Actions), ",", all), string:trim(A) =/= <<>>]}.

words(Text) -> [word(W) || W <- string:lexemes(Text, " \t")].

word(W) -> try binary_to_integer(W) catch error:badarg -> binary_to_atom(W) end.

step(_, Pid, Unit) when Pid =:= none; Unit < 0 -> [];
step([<<"wait ", N/binary>>], _, Unit) -> timer:sleep(Unit * binary_to_integer(string:trim(N))), [];
step([Text | Rest], Pid, Unit) ->
    Events = [words(E) || E <- [Text | lists:append([string:split(R, ",", all) || R <- Rest])]],
    Up = (catch sys:suspend(Pid)) =:= ok,
    Callers = lists:append([send(E, Pid) || E <- Events]),
    Up andalso sys:resume(Pid),
    timer:sleep(Unit),
    Callers.

send([cast, L], Pid) -> gen_statem:cast(Pid, L), [];
send([info, L], Pid) -> Pid ! L, [];
send([call, L], Pid) ->
    Me = self(),
    {Caller, _} = spawn_monitor(fun() ->
        R = gen_statem:send_request(Pid, L),
        Me ! {sent, self()},
        exit({answer, case gen_statem:wait_response(R, 60000) of {reply, X} -> X; {error, _} -> died; timeout -> timeout end})
    end),
    receive {sent, Caller} -> ok end,
    [{L, Caller}].

answer({L, Caller}) ->
    Text = receive {'DOWN', _, _, Caller, {answer, X}} -> atom_to_list(X) after 0 -> exit(Caller, kill), "none" end,
    ["answer of ", atom_to_list(L), ": ", Text].

%% The machine.

-record(d, {table, tab, unit, calls = #{}, count = 0}).

callback_mode() -> [handle_event_function, state_enter].

init({State, Actions, Table, Tab, Unit}) ->
    D = #d{table = Table, tab = Tab, unit = Unit},
    {ok, State, D, lists:append([act(A, D, none) || A <- Actions])}.

handle_event(enter, Old, State, D) ->
    log(D#d.tab, [atom_to_list(State), ": enter from ", atom_to_list(Old)]),
    transition(maps:get([enter, State], D#d.table, []), D, none);
handle_event(Type, Label, State, D) ->
    {Kind, From} = case Type of
        {call, F} -> {"call", F};
        {timeout, Name} -> {["timeout ", atom_to_list(Name)], none};
        _ -> {atom_to_list(Type), none}
    end,
    log(D#d.tab, [atom_to_list(State), ": ", Kind, " ", atom_to_list(Label)]),
    Calls = case From of none -> D#d.calls; _ -> (D#d.calls)#{Label => From} end,
    transition(maps:get([Label, State], D#d.table, []), D#d{calls = Calls}, From).

transition(_, #d{count = ?LIMIT}, _) -> {stop, limit};
transition(Words, D0, From) ->
    D = D0#d{count = D0#d.count + 1},
    Actions = lists:append([act(W, D, From) || W <- Words]),
    case [W || [V | _] = W <- Words, lists:member(V, [next, repeat, stop, stop_reply, crash])] of
        [] -> {keep_state, D, Actions};
        [[next, S]] -> {next_state, S, D, Actions};
        [[repeat]] -> {repeat_state, D, Actions};
        [[stop, R]] -> {stop, R, D};
        [[stop_reply, R, C, X]] -> {stop_and_reply, R, [{reply, maps:get(C, D#d.calls), X}], D};
        [[crash]] -> error(crash)
    end.

act([postpone], _, _) -> [postpone];
act([insert, Type, L], _, _) -> [{next_event, Type, L}];
act([reply, C, X], D, _) -> [{reply, F, X} || F <- [maps:get(C, D#d.calls, none)], F =/= none];
act([state_timeout, T, L], D, _) -> [{state_timeout, time(T, D), L}];
act([state_timeout_at, T, L], D, _) -> [{state_timeout, at(T, D), L, [{abs, true}]}];
act([event_timeout, T, L], D, _) -> [{timeout, time(T, D), L}];
act([event_timeout_at, T, L], D, _) -> [{timeout, at(T, D), L, [{abs, true}]}];
act([timeout, N, T, L], D, _) -> [{{timeout, N}, time(T, D), L}];
act([timeout_at, N, T, L], D, _) -> [{{timeout, N}, at(T, D), L, [{abs, true}]}];
act([update_state_timeout, L], _, _) -> [{state_timeout, update, L}];
act([update_event_timeout, L], _, _) -> [{timeout, update, L}];
act([update_timeout, N, L], _, _) -> [{{timeout, N}, update, L}];
act([cancel_state_timeout], _, _) -> [{state_timeout, cancel}];
act([cancel_event_timeout], _, _) -> [{timeout, cancel}];
act([cancel_timeout, N], _, _) -> [{{timeout, N}, cancel}];
act(_, _, _) -> [].

%% A timer of T units ends in the middle of a unit, when nothing else happens.
time(0, _) -> 0;
time(T, D) -> T * D#d.unit - D#d.unit div 2.

at(T, D) -> erlang:monotonic_time(millisecond) + time(T, D).

terminate(Reason, State, D) ->
    R = case Reason of
        {bad_state_enter_action_from_state_function, _} -> bad_enter_action;
        {bad_state_enter_return_from_state_function, _} -> bad_enter_action;
        _ when is_atom(Reason) -> Reason;
        _ -> crash
    end,
    log(D#d.tab, [atom_to_list(State), ": terminate ", atom_to_list(R)]).

log(Tab, Line) -> ets:insert(Tab, {erlang:unique_integer([monotonic]), Line}).
