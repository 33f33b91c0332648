%% Scenarios of a gen_event on a real Erlang node, and what it makes of them. The same language runs on our manager in
%% transcript_test.go; orders.txt holds scenarios with what this program said, and random ones are compared as well.
%%
%% A scenario is a list of commands, one a line. A handler has a name, which is its id, and a count of what it has been
%% given. How it starts: ok, fail (an error), crash. What is said to it, WHAT, is a word; if that begins with its name and a
%% colon it acts: NAME:crash, NAME:bad (a bad return), NAME:remove, NAME:swap:NEXT:HOW. ARGS for terminate are a word;
%% with the word crash it crashes.
%%
%%   start                        a manager, by the teller of the story, which owns and hears what it adds with a sup
%%   add NAME HOW                 add_handler; add_sup NAME HOW
%%   delete NAME ARGS             delete_handler
%%   swap OLD ARGS NEXT HOW       swap_handler; swap_sup OLD ARGS NEXT HOW
%%   call NAME WHAT               to one handler
%%   sync WHAT                    sync_notify
%%   info WHAT                    a plain message
%%   other REASON: A; B; ...      somebody else runs commands and ends
%%   told                         what the teller has been told
%%   stop REASON                  the manager is stopped
%%   parent REASON: A; B; ...     a new manager, whose parent ends after the commands
-module(transcript).
-export([rewrite/1, run_all/1, init/1, handle_event/2, handle_call/2, handle_info/2, terminate/2]).

%% The file with what is said put in anew.
rewrite(Text) ->
    Lines = [L || L <- string:split(Text, "\n", all), string:prefix(L, "| ") =:= nomatch],
    Out = fresh(fun() -> [[L, "\n", [["| ", S, "\n"] || S <- step(L)]] || L <- Lines] end),
    [string:trim(iolist_to_binary(Out), trailing, "\n"), "\n"].

%% What is said in each of several scenarios.
run_all(Scenarios) -> [fresh(fun() -> lists:append([step(L) || L <- string:split(S, "\n", all)]) end) || S <- Scenarios].

fresh(F) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    ets:new(said, [named_table, public, ordered_set]),
    Out = F(),
    leave(),
    ets:delete(said),
    Out.

%% Nothing is left of a scenario.
leave() ->
    catch gen_event:stop(m),
    flush().

flush() -> receive _ -> flush() after 0 -> ok end.

step(Line) ->
    ets:delete_all_objects(said),
    case string:trim(Line) of
        <<"==", _/binary>> -> leave(), ets:delete_all_objects(said);
        <<"#", _/binary>> -> ok;
        <<>> -> ok;
        L -> command(L)
    end,
    [S || {_, S} <- ets:tab2list(said)].

command(Line) ->
    case string:split(Line, ": ") of
        [Head, Block] -> block(words(Head), [string:trim(C) || C <- string:split(Block, ";", all)]);
        [_] -> do(words(Line)), which()
    end.

words(Line) -> [binary_to_list(W) || W <- string:lexemes(Line, " ")].

block(["other", Reason], Commands) ->
    {Pid, Ref} = spawn_monitor(fun() -> lists:foreach(fun command/1, Commands), exit(list_to_atom(Reason)) end),
    receive {'DOWN', Ref, process, Pid, _} -> ok end,
    case whereis(m) of
        undefined -> ok;
        _ -> sys:get_state(m) % it has heard of the end
    end,
    which();
block(["parent", Reason], Commands) ->
    Self = self(),
    Parent = spawn(fun() -> do(["start"]), Self ! up, receive stop -> exit(list_to_atom(Reason)) end end),
    receive up -> ok end,
    lists:foreach(fun command/1, Commands),
    Ref = monitor(process, m),
    Parent ! stop,
    receive {'DOWN', Ref, process, _, R} -> say("down: ~s", [text(R)]) end,
    told().

do(["start"]) -> {ok, _} = gen_event:start_link({local, m}), ok;
do(["add", Name, How]) -> say("add: ~s", [outcome(gen_event:add_handler(m, id(Name), {Name, How}))]);
do(["add_sup", Name, How]) -> say("add_sup: ~s", [outcome(gen_event:add_sup_handler(m, id(Name), {Name, How}))]);
do(["delete", Name, Args]) -> say("delete: ~s", [outcome(gen_event:delete_handler(m, id(Name), Args))]);
do(["swap", Old, Args, Next, How]) ->
    say("swap: ~s", [outcome(gen_event:swap_handler(m, {id(Old), Args}, {id(Next), {Next, How}}))]);
do(["swap_sup", Old, Args, Next, How]) ->
    say("swap_sup: ~s", [outcome(gen_event:swap_sup_handler(m, {id(Old), Args}, {id(Next), {Next, How}}))]);
do(["call", Name, What]) -> say("call: ~s", [outcome(gen_event:call(m, id(Name), What))]);
do(["sync", What]) -> ok = gen_event:sync_notify(m, What);
do(["info", What]) -> m ! What, gen_event:which_handlers(m);
do(["told"]) -> told();
do(["stop", Reason]) -> gen_event:stop(m, list_to_atom(Reason), infinity).

which() ->
    case whereis(m) of
        undefined -> say("= gone", []);
        _ -> say("=~s", [[[" ", Name] || {_, Name} <- gen_event:which_handlers(m)]])
    end.

told() ->
    receive
        {gen_event_EXIT, {_, Name}, Reason} ->
            say("told: ~s ~s", [Name, news(Reason)]),
            told();
        {'EXIT', _, Reason} ->
            say("exit: ~s", [text(Reason)]),
            told()
    after 0 -> ok
    end.

say(Format, Args) ->
    Line = unicode:characters_to_binary(io_lib:format(Format, Args)),
    ets:insert(said, {erlang:unique_integer([monotonic]), Line}).

id(Name) -> {?MODULE, Name}.

%% The handler.

init({{Name, How}, Term}) -> say("~s init after ~s", [Name, term(Term)]), begins(Name, How);
init({Name, How}) -> say("~s init", [Name]), begins(Name, How).

begins(Name, "ok") -> {ok, {Name, 0}};
begins(_, "fail") -> {error, boom};
begins(_, "crash") -> exit(boom).

handle_event(What, {Name, N}) ->
    say("~s event ~s", [Name, What]),
    act(Name, What, {Name, N + 1}).

handle_info({'EXIT', _, Reason}, {Name, N}) ->
    say("~s exit ~s", [Name, text(Reason)]),
    {ok, {Name, N + 1}};
handle_info(What, {Name, N}) ->
    say("~s info ~s", [Name, What]),
    act(Name, What, {Name, N + 1}).

handle_call(What, {Name, N}) ->
    say("~s call ~s", [Name, What]),
    Reply = N + 1,
    case act(Name, What, {Name, N + 1}) of
        {ok, S} -> {ok, Reply, S};
        remove_handler -> {remove_handler, Reply};
        {swap_handler, A, S, H, B} -> {swap_handler, Reply, A, S, H, B};
        Bad -> Bad
    end.

act(Name, What, S) ->
    case string:lexemes(What, ":") of
        [Name, "crash"] -> exit(boom);
        [Name, "bad"] -> {oops, bad};
        [Name, "remove"] -> remove_handler;
        [Name, "swap", Next, How] -> {swap_handler, "bye", S, id(Next), {Next, How}};
        _ -> {ok, S}
    end.

terminate(Why, {Name, N}) ->
    say("~s terminate ~s", [Name, why(Why)]),
    case Why of
        "crash" -> exit(boom);
        _ -> {left, Name, N}
    end.

%% Words for terms.

why(stop) -> "stopped";
why({stop, R}) -> "orphaned " ++ text(R);
why(remove_handler) -> "removed";
why({error, {'EXIT', R}}) -> "failed " ++ text(R);
why({error, {oops, bad}}) -> "failed bad";
why(Args) -> "args " ++ Args.

term({left, Name, N}) -> io_lib:format("~s ~w", [Name, N]);
term(error) -> "nobody";
term({'EXIT', R}) -> "failure " ++ text(R).

outcome(ok) -> "ok";
outcome({error, module_not_found}) -> "no handler";
outcome({error, bad_module}) -> "no handler";
outcome({error, {error, boom}}) -> "failed boom";
outcome({error, {'EXIT', boom}}) -> "failed boom";
outcome({error, {oops, bad}}) -> "failed bad";
outcome({error, boom}) -> "failed boom";
outcome({'EXIT', boom}) -> "failed boom";
outcome({left, Name, N}) -> io_lib:format("~s ~w", [Name, N]);
outcome(N) when is_integer(N) -> integer_to_list(N).

news({swapped, {_, Next}, Owner}) when Owner =:= self() -> ["swapped ", Next, " mine"];
news({swapped, {_, Next}, false}) -> ["swapped ", Next, " nobody"];
news({swapped, {_, Next}, _}) -> ["swapped ", Next, " other"];
news({'EXIT', R}) -> "failed " ++ text(R);
news({error, boom}) -> "failed boom";
news({oops, bad}) -> "failed bad";
news(crash) -> "failed boom"; % of one that is not made after a handler swapped itself; OTP does not say why
news(R) -> text(R).

text(R) -> io_lib:format("~p", [R]).
