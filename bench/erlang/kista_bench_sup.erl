%% The supervisors of kista_bench, whose name is taken by a gen_server.
-module(kista_bench_sup).
-behaviour(supervisor).
-export([init/1]).
init(Arg) -> kista_bench:sup_init(Arg).
