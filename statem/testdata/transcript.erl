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
%% Actions are separated by commas; they are the words of act/3 below. Whatever has no rule changes nothing. After a hundred
%% callbacks the machine stops, so that no scenario is endless.
%%
%%	erl -noinput -eval 'transcript:main("orders.txt")'     rewrites a file of scenarios
-module(transcript).
-behaviour(gen_statem).

-export([main/1, rewrite/2, run_all/2, init/1, callback_mode/0, handle_event/4, terminate/3]).

-define(LIMIT, 100).

%% main rewrites a file of scenarios.
main(File) ->
    {ok, Text} = file:read_file(File),
    ok = file:write_file(File, rewrite(Text, 200)),
    halt(0).

%% rewrite makes the transcripts in a text anew: the lines that begin with a bar. A scenario begins with "== " and a name. All
%% are run at once. The busier the computer, the longer must a unit be, in milliseconds.
rewrite(Text, Unit) ->
    [Head | Scenarios] = string:split(Text, "\n== ", all),
    Parts = [begin
        [Name | Lines] = [L || L <- string:split(S, "\n", all), not is_transcript(L)],
        {Name, string:trim(iolist_to_binary(lists:join("\n", Lines)))}
    end || S <- Scenarios],
    Transcripts = run_all([Body || {_, Body} <- Parts], Unit),
    [string:trim(Head, trailing), "\n" | [
        ["\n== ", Name, "\n", Body, "\n", [["| ", L, "\n"] || L <- Said]]
    || {{Name, Body}, Said} <- lists:zip(Parts, Transcripts)]].

%% run_all runs scenarios at the same time.
run_all(Texts, Unit) ->
    logger:set_primary_config(level, none),
    Runs = [spawn_monitor(fun() -> exit({said, run(T, Unit)}) end) || T <- Texts],
    [receive {'DOWN', Ref, _, _, {said, Said}} -> Said end || {_, Ref} <- Runs].

is_transcript(<<"|", _/binary>>) -> true;
is_transcript(_) -> false.

%% run carries out one scenario, with units of so many milliseconds, and returns the lines of its transcript.
run(Text, Unit) ->
    Lines = [L || L <- [string:trim(L) || L <- string:split(Text, "\n", all)], L =/= <<>>, hd(binary_to_list(L)) =/= $#],
    {Steps, Rules} = lists:partition(fun(<<"> ", _/binary>>) -> true; (_) -> false end, Lines),
    Table = maps:from_list([rule(R) || R <- Rules]),
    Tab = ets:new(log, [ordered_set, public]),
    [{[init, State], Actions}] = [{K, A} || {[init, _] = K, A} <- maps:to_list(Table)],
    Start = erlang:monotonic_time(millisecond),
    {ok, Pid} = gen_statem:start(?MODULE, {State, Actions, Table, Tab, Unit}, []),
    {Callers, _} = lists:foldl(fun(<<"> ", Step/binary>>, {Callers, Now}) ->
        sleep_until(Start + Now * Unit),
        catch sys:get_state(Pid, 60000), % answered once it has nothing else to do
        Step =:= <<"wait 0">> orelse log(Tab, ["-- ", Step]),
        {More, Units} = step(Step, Pid),
        {More ++ Callers, Now + Units}
    end, {[], 1}, Steps ++ [<<"> wait 0">>]),
    Patience = case is_process_alive(Pid) of true -> 10; false -> 10000 end,
    Answers = [answer(C, Patience) || C <- lists:sort(Callers)],
    case is_process_alive(Pid) of
        true -> log(Tab, ["left in ", atom_to_list(element(1, sys:get_state(Pid)))]), exit(Pid, kill);
        false -> ok
    end,
    Log = [L || {_, L} <- ets:tab2list(Tab)],
    ets:delete(Tab),
    Log ++ Answers.

rule(Line) ->
    [Key | Actions] = string:split(Line, ":"),
    {words(Key), [words(A) || A <- string:split(iolist_to_binary(Actions), ",", all), string:trim(A) =/= <<>>]}.

words(Text) -> [word(W) || W <- string:lexemes(Text, " \t")].

word(W) -> try binary_to_integer(W) catch error:badarg -> binary_to_atom(W) end.

sleep_until(T) -> timer:sleep(max(0, T - erlang:monotonic_time(millisecond))).

%% step returns the callers and how many units it lasts.
step(<<"wait ", N/binary>>, _) -> {[], binary_to_integer(string:trim(N))};
step(Text, Pid) ->
    Up = (catch sys:suspend(Pid)) =:= ok,
    Callers = lists:append([send(words(E), Pid) || E <- string:split(Text, ",", all)]),
    Up andalso sys:resume(Pid),
    {Callers, 1}.

send([cast, L], Pid) -> gen_statem:cast(Pid, L), [];
send([info, L], Pid) -> Pid ! L, [];
send([call, L], Pid) ->
    Me = self(),
    {Caller, _} = spawn_monitor(fun() ->
        R = gen_statem:send_request(Pid, L),
        Me ! {sent, self()},
        Patience = receive {finish, T} -> T end,
        exit({answer, case gen_statem:wait_response(R, Patience) of {reply, X} -> X; {error, _} -> died; timeout -> none end})
    end),
    receive {sent, Caller} -> ok end,
    [{L, Caller}].

answer({L, Caller}, Patience) ->
    Caller ! {finish, Patience},
    Text = receive {'DOWN', _, _, Caller, {answer, X}} -> atom_to_list(X) end,
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
act([spend, T], D, _) -> timer:sleep(time(T, D)), [];
act(_, _, _) -> [].

%% A timer of T units ends in the middle of a unit, when nothing else happens.
time(0, _) -> 0;
time(T, D) -> T * D#d.unit - D#d.unit div 2.

at(T, D) -> erlang:monotonic_time(millisecond) + time(T, D).

terminate(Reason, State, D) ->
    R = case Reason of
        {bad_state_enter_action_from_state_function, _} -> bad_action;
        {bad_state_enter_return_from_state_function, _} -> bad_action;
        _ -> Reason
    end,
    log(D#d.tab, [atom_to_list(State), ": terminate ", atom_to_list(R)]).

log(Tab, Line) -> ets:insert(Tab, {erlang:unique_integer([monotonic]), Line}).
