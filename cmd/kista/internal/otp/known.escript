#!/usr/bin/env escript
%%! -noinput
%% Writes known.txt.gz: the atoms that a fresh Erlang node knows, one a line, an
%% empty line, and the functions that its modules export, as module:function/arity.
main([Path]) ->
    Last = erlang:system_info(atom_count) - 1,
    Atoms = [A || I <- lists:seq(0, Last), A <- atom(I), not lists:member($\n, atom_to_list(A)), A =/= ''],
    Exports = [{M, F, N} || {M, _} <- code:all_loaded(), M =/= escript, {F, N} <- M:module_info(exports)],
    Text = [[[atom_to_binary(A), $\n] || A <- lists:usort(Atoms)], $\n,
            [io_lib:format("~ts:~ts/~w~n", [M, F, N]) || {M, F, N} <- lists:usort(Exports)]],
    ok = file:write_file(Path, zlib:gzip(unicode:characters_to_binary(Text))).

atom(I) ->
    try [binary_to_term(<<131, 75, I:24>>)] catch error:badarg -> [] end.
