# downtime.gp - left: in which share of the replications there was none; right:
# how long it was in the others.
# DATA: row, strategy, kind, share without, low, high (%), quartiles of the
# others (s), the median as text; then a block of points: row, s, spread, kind.
# Also ROWS, POINTS (how many), XMIN, XMAX.
load STYLE
@HEAD
set multiplot
set yrange [ROWS-0.5:-0.6]; set border 1; set ytics scale 0; set grid xtics noytics
set tmargin at screen 1-104.0/H; set bmargin at screen 52.0/H
middle = LEFT + (0.97 - LEFT)*0.33
set lmargin at screen LEFT; set rmargin at screen middle
set xrange [0:118]; set xtics (0,50,100); set format x '%g %%'
set label 3 'without downtime' at graph 0,1 offset 0,0.8 left font S11 textcolor rgb INK
plot DATA index 0 using (0):1:(0):4:($1-0.26):($1+0.26):(pale(strcol(3))):ytic(2) with boxxyerror lc rgb variable, \
     DATA index 0 using 4:1:5:6:(colour(strcol(3))) with xerrorbars pt 7 ps 0.7 lw 1.3 lc rgb variable
unset label 901; unset label 902; unset label 3
set lmargin at screen middle + 40.0/W; set rmargin at screen 0.97
set label 3 'seconds of downtime in the others' at graph 0,1 offset 0,0.8 left font S11 textcolor rgb INK
set ytics ('' 0); set logscale x; set xrange [XMIN:XMAX]; set format x '%g s'
if (XMAX/XMIN > 300) { set xtics (0.001,0.01,0.1,1,10,100,1000) } else { set xtics (0.01,0.03,0.1,0.3,1,3,10,30,100,300,1000,3000) }
if (POINTS > 0) {
    plot DATA index 0 using 8:1:7:9:($1-0.30):($1+0.30):(pale(strcol(3))) with boxxyerror lc rgb variable, \
         DATA index 1 using 2:($1+$3):(colour(strcol(4))) with points pt 7 ps 0.4 lc rgb variable, \
         DATA index 0 using 8:($1-0.34):(0):(0.68):(dark(strcol(3))) with vectors nohead lw 2.2 lc rgb variable, \
         DATA index 0 using 8:($1-0.36):(strcol(10)):(dark(strcol(3))) with labels offset 0,0.55 center font S9 textcolor rgb variable
} else {
    set label 4 'there were none' at graph 0.5,0.5 center font S11 textcolor rgb GREY
    plot NaN
}
unset multiplot
unset output
