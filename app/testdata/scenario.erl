%% Runs the scenarios of this directory on Erlang's own application controller, and writes down what happens: the callbacks,
%% in their order, and how each command ended, in the words of the transcripts.
%%
%%	erl -noinput -run scenario main order.txt /tmp/said
%%
%% The language is explained in scenario_test.go. A node that goes down writes no more; one that is up at the end says so.
-module(scenario).
-behaviour(supervisor).

-export([main/1, start/2, start_phase/3, prep_stop/1, stop/1, top/1, top_init/1, init/1]).

main([File, Said]) ->
    logger:set_primary_config(level, none),
    ok = file:write_file(Said, <<>>),
    persistent_term:put(said, Said),
    {ok, Text} = file:read_file(File),
    [block(B) || B <- string:split(string:trim(Text), "\n\n", all)],
    say("the node is up", []),
    halt(0).

%% say writes at once: the node may have no time for more.
say(Format, Args) ->
    ok = file:write_file(persistent_term:get(said), io_lib:format(Format ++ "\n", Args), [append, raw]).

block(<<"#", _/binary>>) -> ok;
block(Block) ->
    [Commands | _] = string:split(Block, "\n----"),
    [command(string:lexemes(L, " ")) || L <- string:split(Commands, "\n", all)].

command([<<"app">>, Name | Fields]) ->
    put(fresh, (case get(fresh) of undefined -> []; L -> L end) ++ [declare(atom(Name), Fields)]);
command([<<"load">>]) ->
    Fresh = get(fresh),
    put(fresh, []),
    [ok = application:load(spec(D)) || D <- Fresh],
    say("=> ok", []);
command([<<"start">>, Name]) -> command([<<"start">>, Name, <<"temporary">>]);
command([<<"start">>, Name, Type]) -> outcome(start, atom(Name), application:start(atom(Name), atom(Type)));
command([<<"ensure">>, Name]) -> outcome(ensure, atom(Name), application:ensure_all_started(atom(Name)));
command([<<"stop">>, Name]) -> outcome(stop, atom(Name), application:stop(atom(Name)));
command([<<"unload">>, Name]) -> outcome(unload, atom(Name), application:unload(atom(Name)));
command([<<"die">>, Name, Reason]) ->
    atom(Name) ! {die, atom(Reason)},
    gone(atom(Name));
command([<<"mend">>, Name]) -> persistent_term:put(atom(Name), (persistent_term:get(atom(Name)))#{fails => #{}});
command([<<"which">>]) ->
    Names = lists:sort([N || {N, _, _} <- application:which_applications(), N =/= kernel, N =/= stdlib]),
    say("~s", [string:trim(["=> ", names(Names)])]);
command([<<"halt">>]) ->
    init:stop(),
    receive after infinity -> ok end.

%% gone waits until an application has ended, or the node has.
gone(Name) ->
    case catch lists:keymember(Name, 1, application:which_applications()) of
        false -> ok;
        true -> timer:sleep(5), gone(Name);
        {'EXIT', _} -> receive after infinity -> ok end
    end.

atom(B) -> binary_to_atom(B).

names(Names) -> lists:join(", ", [atom_to_list(N) || N <- Names]).

outcome(_, _, ok) -> say("=> ok", []);
outcome(_, _, {ok, []}) -> say("=> ok", []);
outcome(_, _, {ok, Started}) -> say("=> ok ~s", [names(Started)]);
outcome(Op, Name, {error, Reason}) -> say("=> error: ~s", [words(Op, Name, Reason)]).

words(start, Name, {not_started, Need}) -> io_lib:format("~s needs ~s", [Name, Need]);
words(stop, Name, {not_started, Name}) ->
    case lists:keymember(Name, 1, application:loaded_applications()) of
        true -> io_lib:format("~s not started", [Name]);
        false -> io_lib:format("~s not loaded", [Name])
    end;
words(_, _, {already_started, Name}) -> io_lib:format("~s already started", [Name]);
words(_, _, {running, Name}) -> io_lib:format("~s running", [Name]);
words(_, _, {not_loaded, Name}) -> io_lib:format("~s not loaded", [Name]);
words(ensure, _, {Need, {"no such file or directory", _}}) ->
    [By | _] = [N || {N, _, _} <- application:loaded_applications(), {ok, Needs} <- [application:get_key(N, applications)],
                     lists:member(Need, Needs)],
    io_lib:format("~s needs ~s", [By, Need]);
words(_, Name, {"no such file or directory", _}) -> io_lib:format("~s not loaded", [Name]);
words(ensure, _, {Name, _}) -> io_lib:format("~s start failed", [Name]);
words(start, Name, _) -> io_lib:format("~s start failed", [Name]).

%% declare reads a declaration. What callbacks have to know of it is a persistent term.
declare(Name, Fields) ->
    D = maps:from_list([{name, Name} | [field(F) || F <- Fields]]),
    persistent_term:put(Name, D),
    D.

field(F) ->
    [Key, Value] = string:split(F, "="),
    List = string:split(Value, ",", all),
    case Key of
        <<"tree">> -> {tree, atom(Value)};
        <<"fails">> -> {fails, maps:from_list([list_to_tuple([atom(X) || X <- string:split(One, ":")]) || One <- List])};
        _ -> {atom(Key), [atom(X) || X <- List]}
    end.

spec(#{name := Name} = D) ->
    Inside = maps:get(includes, D, []),
    Optional = maps:get(optional, D, []),
    Phases = maps:get(phases, D, []),
    Numbered = lists:zip(Phases, [[Name, N] || N <- lists:seq(1, length(Phases))]),
    Included = lists:any(fun({K, V}) -> is_atom(K) andalso is_map(V) andalso lists:member(Name, maps:get(includes, V, [])) end,
                         persistent_term:get()),
    {application, Name, [
        {applications, [kernel, stdlib | maps:get(needs, D, [])] ++ Optional},
        {optional_applications, Optional},
        {included_applications, Inside},
        {mod, case Inside =/= [] orelse Included of
            true -> {application_starter, [?MODULE, [Name]]};
            false -> {?MODULE, [Name]}
        end}
    ] ++ [{start_phases, Numbered} || Phases =/= []]}.

%% The application's callbacks.

start(Type, [Name]) ->
    say("~s start ~s", [Name, Type]),
    D = persistent_term:get(Name),
    case fails(Name, start) of
        error -> {error, boom};
        panic -> error(boom);
        zero -> no_program;
        none ->
            Inside = maps:get(includes, D, []),
            [say("~s start ~s", [In, Type]) || In <- Inside],
            case maps:get(tree, D, worker) =:= supervisor orelse Inside =/= [] of
                true -> with_state(supervisor:start_link(?MODULE, [Name | Inside]), Name);
                false -> with_state(top(Name), Name)
            end
    end.

with_state({ok, Pid}, Name) -> {ok, Pid, Name};
with_state(Error, _) -> Error.

start_phase(Phase, Type, [Name, N]) ->
    say("~s phase ~s ~s ~b", [Name, Phase, Type, N]),
    ok.

prep_stop(Name) ->
    say("~s prep_stop", [Name]),
    fail(Name, prep_stop),
    Name.

stop(Name) ->
    say("~s stop", [Name]),
    fail(Name, stop),
    ok.

fails(Name, Where) -> maps:get(Where, maps:get(fails, persistent_term:get(Name), #{}), none).

fail(Name, Where) ->
    case fails(Name, Where) of
        panic -> error(boom);
        none -> ok
    end.

%% The top process, alone or under a supervisor that restarts nothing.

init(Names) ->
    {ok, {#{intensity => 0}, [#{id => N, start => {?MODULE, top, [N]}} || N <- Names]}}.

top(Name) -> proc_lib:start_link(?MODULE, top_init, [Name]).

top_init(Name) ->
    process_flag(trap_exit, true),
    register(Name, self()),
    say("~s tree up", [Name]),
    proc_lib:init_ack({ok, self()}),
    Reason = receive
        {'EXIT', _, R} -> R;
        {die, R} -> R
    end,
    say("~s tree down", [Name]),
    exit(Reason).
