# curves.gp - how cost grows with size: DATA is a file of bench_runs -k.
set terminal svg size 900,330 dynamic background "white" font "sans,11"
set output OUT
set datafile separator ","
set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set grid back lc rgb "#dddddd"
set key off
set multiplot layout 1,3
set ylabel "CPU time, s"
do for [curve in "requests pods replications"] {
    set xlabel curve
    plot DATA using (strcol(1) eq curve ? $2 : NaN):3 skip 1 \
         with linespoints pt 7 ps 0.6 lc rgb "#3366aa"
}
unset multiplot
