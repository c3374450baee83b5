# prestop.gp - failed requests against the preStop pause: a panel per line, means
# with intervals.
# DATA: a block per line: place, pause (s), mean, low, high, the mean as text.
# Also LINES (how many), and of each NAME1, KIND1, MOST1 (end of its axis), TICS1.
load STYLE
@HEAD
set multiplot
set tmargin at screen 1-104.0/H; set bmargin at screen 62.0/H
set offsets 0.5,0.5,0,0; set xlabel 'preStop, seconds'
gap = 66.0/W
wide = (0.985 - 64.0/W - (LINES - 1)*gap)/LINES
do for [i=1:LINES] {
    if (i == 2) { unset label 901; unset label 902 }
    left = 64.0/W + (i - 1)*(wide + gap)
    set lmargin at screen left; set rmargin at screen left + wide
    kind = value('KIND'.i)
    set label 3 value('NAME'.i) at graph 0,1 offset 0,0.8 left font S11 textcolor rgb dark(kind)
    set yrange [0:1.18*value('MOST'.i)]; set ytics value('TICS'.i)
    plot DATA index i-1 using 1:3:xtic(2) with lines lw 2 lc rgb colour(kind), \
         DATA index i-1 using 1:3:4:5 with yerrorbars pt 7 ps 0.8 lw 1.6 lc rgb colour(kind), \
         DATA index i-1 using 1:5:6 with labels offset 0,0.8 font S10 textcolor rgb INK
}
unset multiplot
unset output
